import { dearmor, isArmored } from "./armor.ts";
import { type Packet, PacketError, readPackets, tags } from "./packets.ts";
import { type PublicKey, readPublicKey } from "./public-key.ts";
import { isSignedBy, readSignature, type Signature } from "./signature.ts";

/**
 * A key that signatures may be made with, as far as its owner says so.
 *
 * @property userIds of the owner, `Name <address>`
 * @property expiresAtMs the earlier of its own end and that of the primary key
 */
export type SigningKey = {
  key: PublicKey;
  primary: PublicKey;
  userIds: string[];
  isRevoked: boolean;
  expiresAtMs: number | undefined;
};

/** A primary key, user ids and subkeys, each with what is signed about them. */
type Entity = {
  primary: PublicKey;
  about: Signature[];
  userIds: { name: Uint8Array; about: Signature[] }[];
  subkeys: { key: PublicKey; about: Signature[] }[];
};

const signingFlag = 0x02;

/**
 * Reads the keys of a keyring, armored or not, that may sign. Keys that are not understood are left out.
 *
 * @throws {PacketError} when it is no keyring
 */
export function readKeyring(keyring: Uint8Array): SigningKey[] {
  const streams = isArmored(keyring) ? dearmor(Buffer.from(keyring).toString("latin1")) : [keyring];
  return streams.flatMap((stream) => entitiesOf(readPackets(stream))).flatMap(signingKeys);
}

function entitiesOf(packets: readonly Packet[]): Entity[] {
  const entities: Entity[] = [];
  let entity: Entity | undefined;
  /** Where the signatures that follow belong; nowhere after what is not understood. */
  let about: Signature[] | undefined;
  for (const { tag, body } of packets) {
    if (tag === tags.publicKey || tag === tags.secretKey) {
      const primary = understoodOr(() => readPublicKey(body));
      about = [];
      entity = primary && { primary, about, userIds: [], subkeys: [] };
      if (entity !== undefined) entities.push(entity);
    } else if (tag === tags.userId) {
      about = [];
      entity?.userIds.push({ name: body, about });
    } else if (tag === tags.publicSubkey || tag === tags.secretSubkey) {
      const key = understoodOr(() => readPublicKey(body));
      about = [];
      if (key !== undefined) entity?.subkeys.push({ key, about });
    } else if (tag === tags.signature) {
      const signature = understoodOr(() => readSignature(body));
      if (signature !== undefined) about?.push(signature);
    } else if (tag !== tags.marker) {
      about = undefined;
    }
  }
  return entities;
}

function understoodOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof PacketError) return undefined;
    throw error;
  }
}

function signingKeys({ primary, about, userIds, subkeys }: Entity): SigningKey[] {
  const own = keyBytes(primary);
  const signedByPrimary =
    (...signed: Uint8Array[]) =>
    (signature: Signature) =>
      isSignedBy(signature, primary, ...signed);
  const isRevoked = about.some((signature) => signature.type === 0x20 && signedByPrimary(own)(signature));
  const identities = userIds.flatMap((userId) => {
    const size = Buffer.alloc(5);
    size[0] = 0xb4;
    size.writeUInt32BE(userId.name.length, 1);
    const valid = userId.about.filter(signedByPrimary(own, size, userId.name));
    const certificate = latest(valid.filter(({ type }) => type >= 0x10 && type <= 0x13));
    const isGone = valid.some(({ type }) => type === 0x30);
    return certificate === undefined || isGone
      ? []
      : [{ name: Buffer.from(userId.name).toString("utf8"), certificate }];
  });
  const direct = latest(about.filter((signature) => signature.type === 0x1f && signedByPrimary(own)(signature)));
  const self = latest(identities.map(({ certificate }) => certificate)) ?? direct;
  // A key that nobody says is his own is nobody's.
  if (self === undefined) return [];
  const shared = { primary, userIds: identities.map(({ name }) => name) };
  const primaryEnd = endOf(primary, self);
  const keys: SigningKey[] =
    self.flags === undefined || (self.flags & signingFlag) !== 0
      ? [{ ...shared, key: primary, isRevoked, expiresAtMs: primaryEnd }]
      : [];
  for (const { key, about: aboutSubkey } of subkeys) {
    const both = [own, keyBytes(key)];
    const valid = aboutSubkey.filter(signedByPrimary(...both));
    const binding = latest(valid.filter(({ type }) => type === 0x18));
    if (binding?.flags === undefined || (binding.flags & signingFlag) === 0) continue;
    // The subkey has to agree, or anybody could claim the signatures of others for his own.
    const { embedded } = binding;
    if (embedded?.type !== 0x19 || !isSignedBy(embedded, key, ...both)) continue;
    const ends = [primaryEnd, endOf(key, binding)].filter((end) => end !== undefined);
    keys.push({
      ...shared,
      key,
      isRevoked: isRevoked || valid.some(({ type }) => type === 0x28),
      expiresAtMs: ends.length === 0 ? undefined : Math.min(...ends),
    });
  }
  return keys;
}

function latest(signatures: readonly Signature[]): Signature | undefined {
  return signatures.toSorted((a, b) => b.createdAtMs - a.createdAtMs)[0];
}

function endOf(key: PublicKey, about: Signature): number | undefined {
  return about.keyLifeMs === undefined ? undefined : key.createdAtMs + about.keyLifeMs;
}

/** A key as signatures about it cover it. */
function keyBytes({ body }: PublicKey): Uint8Array {
  return Buffer.concat([Buffer.from([0x99, body.length >> 8, body.length & 0xff]), body]);
}
