import { closeSync, openSync, readSync, statSync } from "node:fs";
import { inflateRawSync } from "node:zlib";

/**
 * One file out of a zip archive: enough of the format (APPNOTE 4.3) for archives below 4 GiB.
 *
 * @throws {Error} when the archive has no such file
 */
export function readZipEntry(archive: string, name: string): Buffer {
  const handle = openSync(archive, "r");
  try {
    const read = (at: number, length: number) => {
      const bytes = Buffer.alloc(length);
      readSync(handle, bytes, 0, length, at);
      return bytes;
    };
    const { directoryAt, directoryLength } = endOfDirectory(read, statSync(archive).size);
    const directory = read(directoryAt, directoryLength);
    for (let at = 0; at < directory.length; ) {
      const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field));
      const length = 46 + (nameLength ?? 0);
      if (directory.toString("utf8", at + 46, at + length) === name) {
        const localAt = directory.readUInt32LE(at + 42);
        const local = read(localAt, 30);
        const dataAt = localAt + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
        const data = read(dataAt, directory.readUInt32LE(at + 20));
        return directory.readUInt16LE(at + 10) === 0 ? data : inflateRawSync(data);
      }
      at += length + (extraLength ?? 0) + (commentLength ?? 0);
    }
    throw new Error(`Cannot find ${name} in ${archive}`);
  } finally {
    closeSync(handle);
  }
}

function endOfDirectory(read: (at: number, length: number) => Buffer, size: number) {
  const tailLength = Math.min(size, 65_557);
  const tail = read(size - tailLength, tailLength);
  const at = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (at < 0) throw new Error("Cannot read archive: it is no zip file");
  return { directoryAt: tail.readUInt32LE(at + 16), directoryLength: tail.readUInt32LE(at + 12) };
}
