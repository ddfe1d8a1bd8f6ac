/** A block of PEM in the form that Go writes: 64 characters a line. */
export function encodePem(type: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${type}-----`, ...lines, `-----END ${type}-----`, ""].join("\n");
}

/** The first block in a text; `undefined` when there is none. */
export function decodePem(text: string): { type: string; bytes: Buffer } | undefined {
  for (const { 1: type = "", 2: body = "" } of text.matchAll(
    /^-----BEGIN ([^\n]*?)-----[ \t\r]*\n([^-]*)-----END \1-----/gm,
  )) {
    // Headers, as of encrypted keys, end with an empty line.
    const base64 = (/^[\w-]+:/.test(body) ? body.slice(body.search(/\n\r?\n/)) : body).replace(/\s/g, "");
    if (/^[A-Za-z0-9+/]*={0,2}$/.test(base64) && base64.length % 4 === 0) {
      return { type, bytes: Buffer.from(base64, "base64") };
    }
  }
  return undefined;
}
