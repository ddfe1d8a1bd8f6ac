import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";

export type Random = (sizeBytes: number) => Uint8Array;

/** 32 MiB and about 80 ms for one guess; written into each hash, so it can be raised later. */
const cost = { N: 2 ** 15, r: 8, p: 1 };
const saltBytes = 16;
const keyBytes = 32;
/** Node refuses to use more than 32 MiB unless told so; scrypt needs 128·N·r and a little. */
const memoryBytesMax = 96 * 2 ** 20;

/** @returns `scrypt$<N>$<r>$<p>$<salt>$<key>`, both parts in base64url */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = Buffer.from(random(saltBytes));
  const key = await derive(password, { ...cost, salt });
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64url"), key.toString("base64url")].join("$");
}

/** Takes as long for a hash that nobody has as for a wrong password, when given {@link nobodysHash}. */
export async function matchesPassword(password: string, hash: string): Promise<boolean> {
  const [scheme, N, r, p, salt = "", key = ""] = hash.split("$");
  if (scheme !== "scrypt") return false;
  const wanted = Buffer.from(key, "base64url");
  const found = await derive(password, {
    N: Number(N),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, "base64url"),
  });
  return wanted.byteLength === found.byteLength && timingSafeEqual(wanted, found);
}

/** What an unknown user's password is compared with. */
export const nobodysHash = [
  "scrypt",
  cost.N,
  cost.r,
  cost.p,
  randomBytes(saltBytes).toString("base64url"),
  randomBytes(keyBytes).toString("base64url"),
].join("$");

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const digits = "0123456789";
/** Of the special characters only those that mean nothing in a shell and need no escape in a URL. */
const specials = "-_.";

/** A password of 40 characters with at least 3 digits and 3 special ones, the first a letter; over 200 bits. */
export function generatePassword(random: Random): string {
  const pick = (alphabet: string) => {
    // Bytes beyond the last whole repetition of the alphabet would favour its first letters.
    const usable = 256 - (256 % alphabet.length);
    for (;;) {
      const byte = random(1)[0] ?? 0;
      if (byte < usable) return alphabet.charAt(byte % alphabet.length);
    }
  };
  for (;;) {
    const password = pick(letters) + Array.from({ length: 39 }, () => pick(letters + digits + specials)).join("");
    if ((password.match(/\d/g) ?? []).length >= 3 && (password.match(/[-_.]/g) ?? []).length >= 3) return password;
  }
}

/** An access token as Gitea makes them: 40 hexadecimal digits. */
export function generateToken(random: Random): string {
  return Buffer.from(random(20)).toString("hex");
}

/** Tokens have 160 random bits, so one round of a fast hash is enough. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function derive(
  password: string,
  { N, r, p, salt }: { N: number; r: number; p: number; salt: Buffer },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, keyBytes, { N, r, p, maxmem: memoryBytesMax }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
