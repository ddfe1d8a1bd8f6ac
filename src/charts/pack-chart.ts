import { gzipSync } from "node:zlib";
import { compileIgnore } from "../render/index.ts";

/**
 * Packs a chart's directory as `helm package` does: everything but what its `.helmignore` names, in a directory of the chart's
 * name. The same files give the same bytes.
 */
export function packChart(name: string, files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const ignore = files.get(".helmignore");
  const isIgnored = compileIgnore(ignore === undefined ? undefined : Buffer.from(ignore).toString("utf8"));
  const kept = [...files].filter(([path]) => {
    const parts = path.split("/");
    const directories = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
    return !directories.some((directory) => isIgnored(directory, true)) && !isIgnored(path, false);
  });
  const entries = kept
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, bytes]) => entry(`${name}/${path}`, bytes));
  // It is unpacked in the next moment, so that making it small is not worth the time.
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * blockSize)]), { level: 1 });
}

const blockSize = 512;

function entry(path: string, bytes: Uint8Array): Buffer[] {
  const name = Buffer.from(path);
  // A name that does not fit is a record in front.
  const long = name.length > 100 ? [...block(record("path", path), "pax_header", "x")] : [];
  return [...long, ...block(bytes, name.subarray(0, 100), "0")];
}

function block(bytes: Uint8Array, name: Buffer | string, type: string): Buffer[] {
  const header = Buffer.alloc(blockSize);
  header.set(Buffer.from(name), 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\x0000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return [header, Buffer.from(bytes), Buffer.alloc((blockSize - (bytes.length % blockSize)) % blockSize)];
}

/** `<length> <key>=<value>\n`, whose length counts its own digits. */
function record(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}
