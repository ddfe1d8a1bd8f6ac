import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { readTar } from "../render/index.ts";

/** What an archive has besides the content of files: headers of 512 bytes, two or three for each. */
const headerBytesMax = 64 * 2 ** 20;

/**
 * Unpacks a layer of an artifact, packed or not. Links are left out: manifests are read as files.
 *
 * @param options.withoutTop takes away the one directory that everything is in, as in the archive of a chart
 * @param options.bytesMax for all files together
 * @throws {Error} for paths that lead out of the layer, and for what is no archive
 */
export async function unpackLayer(
  layer: Uint8Array,
  options: { isPacked: boolean; withoutTop: boolean; bytesMax: number },
): Promise<Map<string, Uint8Array>> {
  const tooLarge = () => new Error(`could not decompress layer: its files have more than ${options.bytesMax} bytes`);
  const maxOutputLength = options.bytesMax + headerBytesMax;
  const tar = options.isPacked
    ? await promisify(gunzip)(layer, { maxOutputLength }).catch((cause: unknown) => {
        if (cause instanceof RangeError) throw tooLarge();
        throw new Error(`could not decompress layer: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        });
      })
    : Buffer.from(layer);
  const files = new Map<string, Uint8Array>();
  let sizeBytes = 0;
  for (const { name, bytes, isLink } of readTar(tar)) {
    const parts = name.split("/").filter((part) => part !== "" && part !== ".");
    if (parts.includes("..")) throw new Error(`could not decompress layer: ${JSON.stringify(name)} leads out of it`);
    sizeBytes += bytes.length;
    if (sizeBytes > options.bytesMax) throw tooLarge();
    // The bytes are part of the whole archive, which must not stay for as long as one small file does.
    if (!isLink) files.set(parts.join("/"), bytes.slice());
  }
  if (!options.withoutTop) return files;
  const tops = new Set([...files.keys()].map((path) => path.split("/")[0]));
  if (tops.size !== 1 || files.has([...tops][0] ?? "")) throw new Error(`expected 1 directory, found ${tops.size}`);
  return new Map([...files].map(([path, bytes]) => [path.slice(path.indexOf("/") + 1), bytes]));
}
