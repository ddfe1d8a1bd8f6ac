/**
 * A clear-signed message, RFC 9580 section 7.
 *
 * @property text what was signed, with the line endings of the file
 * @property signed the bytes that the signature is over: lines end with CR LF, white space at their ends does not count
 * @property signature packets
 */
export type ClearSigned = { text: string; signed: Uint8Array; signature: Uint8Array };

const pattern =
  /(?:^|\n)-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\r?\n((?:[\w-]+:.*\r?\n)*)\r?\n([\s\S]*?)\r?\n(-----BEGIN PGP SIGNATURE-----[\s\S]*?-----END PGP SIGNATURE-----)/;

/** @returns `undefined` when the text has no such message in it */
export function readClearSigned(file: Uint8Array): ClearSigned | undefined {
  const [, , body, armored] = pattern.exec(Buffer.from(file).toString("utf8")) ?? [];
  if (body === undefined || armored === undefined) return undefined;
  const lines = body.split(/\r?\n/).map((line) => line.replace(/^- /, ""));
  const signed = lines.map((line) => line.replace(/[ \t\r]+$/, "")).join("\r\n");
  return { text: lines.join("\n"), signed: Buffer.from(signed), signature: dearmor(armored)[0] ?? new Uint8Array() };
}

/** Whether bytes are a text that packets are written in, as `gpg --armor` does. */
export function isArmored(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4096)).includes("-----BEGIN PGP ");
}

/** The packets in each armored block of a text. A checksum at the end of a block is not needed. */
export function dearmor(text: string): Uint8Array[] {
  const blocks = text.matchAll(/-----BEGIN PGP [A-Z ]+-----[ \t]*\r?\n([\s\S]*?)-----END PGP [A-Z ]+-----/g);
  return [...blocks].map(([, block = ""]) => {
    const body = block.replace(/^(?:[\w-]+:.*\r?\n)*[ \t]*\r?\n/, "").replace(/\r?\n=[\w+/]{4}\s*$/, "");
    return Buffer.from(body, "base64");
  });
}
