/** DER tags: ITU-T X.690. */
const sequence = 0x30;
const set = 0x31;
const objectIdentifier = 0x06;
/** `id-at-organizationName`, 2.5.4.10, as DER writes it. */
const organizationName = Buffer.from([0x55, 0x04, 0x0a]);
const bmpString = 0x1e;

type Element = { tag: number; content: Buffer };

/**
 * The organisations in the subject of a certificate request: the groups of who gets the certificate.
 *
 * @param pem with the request as PKCS #10 (RFC 2986)
 * @throws {RangeError} for what is no such request
 */
export function organizationsOf(pem: Buffer): string[] {
  const body = /-----BEGIN CERTIFICATE REQUEST-----([^-]+)-----END CERTIFICATE REQUEST-----/.exec(pem.toString())?.[1];
  if (body === undefined) throw new RangeError("PEM block type must be CERTIFICATE REQUEST");
  const [request] = elements(Buffer.from(body, "base64"));
  const [info] = elements(inside(request, sequence));
  const [, subject] = elements(inside(info, sequence));
  return elements(inside(subject, sequence))
    .flatMap((names) => elements(inside(names, set)))
    .flatMap((pair) => {
      const [type, value] = elements(inside(pair, sequence));
      if (type?.tag !== objectIdentifier || !type.content.equals(organizationName) || value === undefined) return [];
      return [value.tag === bmpString ? bigEndian(value.content) : value.content.toString()];
    });
}

function bigEndian(content: Buffer): string {
  return Buffer.from(content.subarray(0, content.byteLength & ~1))
    .swap16()
    .toString("utf16le");
}

function inside(element: Element | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw new RangeError("asn1: structure error");
  return element.content;
}

function elements(bytes: Buffer): Element[] {
  const all: Element[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const tag = bytes.readUInt8(at);
    const { start, length } = lengthAt(bytes, at + 1);
    if (start + length > bytes.byteLength) throw new RangeError("asn1: syntax error: data truncated");
    all.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return all;
}

/** Up to 127 in one byte; above, the first byte says how many follow. */
function lengthAt(bytes: Buffer, at: number): { start: number; length: number } {
  const first = bytes.readUInt8(at);
  if (first < 0x80) return { start: at + 1, length: first };
  const count = first & 0x7f;
  if (count === 0 || count > 4) throw new RangeError("asn1: syntax error: length too large");
  return { start: at + 1 + count, length: bytes.readUIntBE(at + 1, count) };
}
