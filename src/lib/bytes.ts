/** The same bytes, in the same memory, with what Node's buffers can do. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The text that bytes are in UTF-8; U+FFFD stands where they are none. */
export function textOf(bytes: Uint8Array): string {
  return bufferOf(bytes).toString();
}
