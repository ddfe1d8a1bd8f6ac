import { createHash } from "node:crypto";

/** How many bytes one hash gives. */
const blockSize = 32;

/**
 * Makes a source of bytes that is the same for the same seed, and tells nobody what comes next who does not know the seed.
 *
 * @param seed has to be kept secret where passwords and keys come from it
 */
export function createSeededRandom(seed: string): (size: number) => Uint8Array {
  const key = createHash("sha256").update(seed).digest();
  let count = 0;
  let rest = Buffer.alloc(0);
  return (size) => {
    const parts = [rest];
    let have = rest.length;
    for (; have < size; have += blockSize) {
      parts.push(createHash("sha256").update(key).update(`${count++}`).digest());
    }
    const bytes = Buffer.concat(parts);
    rest = bytes.subarray(size);
    return bytes.subarray(0, size);
  };
}
