/** The lowest cost that is thought safe, and what Go's `DefaultCost` is: 2 to the power of 10 rounds. */
const cost = 10;
/** More bytes do not fit into the keys of the cipher; Go refuses them. */
export const bcryptPasswordMax = 72;

const digits = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * Hashes a password with bcrypt: `$2a$10$`, salt, hash.
 *
 * @param password at most {@link bcryptPasswordMax} bytes
 * @param salt 16 bytes
 */
export function bcryptHash(password: Uint8Array, salt: Uint8Array): string {
  const key = wordsOf(Buffer.concat([password, Uint8Array.of(0)]), 18);
  const saltKey = wordsOf(salt, 18);
  const cipher = new Blowfish();
  cipher.expand(key, wordsOf(salt, 4));
  for (let round = 0; round < 2 ** cost; round++) {
    cipher.expand(key);
    cipher.expand(saltKey);
  }
  const text = Buffer.from("OrpheanBeholderScryDoubt");
  const hash = Buffer.alloc(24);
  for (let at = 0; at < 24; at += 8) {
    let left = text.readInt32BE(at);
    let right = text.readInt32BE(at + 4);
    for (let round = 0; round < 64; round++) [left, right] = cipher.encrypt(left, right);
    hash.writeInt32BE(left | 0, at);
    hash.writeInt32BE(right | 0, at + 4);
  }
  return `$2a$${cost}$${encode(salt)}${encode(hash.subarray(0, 23))}`;
}

/** Base64 with digits of its own and without padding. */
function encode(bytes: Uint8Array): string {
  const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const text = Buffer.from(bytes).toString("base64").replaceAll("=", "");
  return Array.from(text, (digit) => digits[standard.indexOf(digit)]).join("");
}

/** As many words of 32 bits, from bytes that begin again when they are at their end. */
function wordsOf(bytes: Uint8Array, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, word) => {
    let value = 0;
    for (let index = 0; index < 4; index++) value = (value << 8) | (bytes[(word * 4 + index) % bytes.length] ?? 0);
    return value;
  });
}

/** The cipher below bcrypt, with its key schedule. */
class Blowfish {
  readonly #p: Int32Array;
  readonly #s: Int32Array;

  constructor() {
    initialTables ??= fractionOfPi(18 + 4 * 256);
    const words = initialTables;
    this.#p = words.slice(0, 18);
    this.#s = words.slice(18);
  }

  /** Mixes a key of 18 words, and a salt of 4, into the tables. */
  expand(key: Int32Array, salt?: Int32Array): void {
    for (let index = 0; index < 18; index++) this.#p[index] = (this.#p[index] ?? 0) ^ (key[index] ?? 0);
    let left = 0;
    let right = 0;
    let used = 0;
    for (const table of [this.#p, this.#s]) {
      for (let index = 0; index < table.length; index += 2) {
        if (salt !== undefined) {
          left ^= salt[used++ & 3] ?? 0;
          right ^= salt[used++ & 3] ?? 0;
        }
        [left, right] = this.encrypt(left, right);
        table[index] = left;
        table[index + 1] = right;
      }
    }
  }

  encrypt(left: number, right: number): [number, number] {
    const p = this.#p;
    const s = this.#s;
    let a = left ^ (p[0] ?? 0);
    let b = right;
    for (let round = 1; round <= 16; round += 2) {
      b ^= mix(s, a) ^ (p[round] ?? 0);
      a ^= mix(s, b) ^ (p[round + 1] ?? 0);
    }
    return [b ^ (p[17] ?? 0), a];
  }
}

function mix(s: Int32Array, x: number): number {
  const sum = (s[x >>> 24] ?? 0) + (s[256 + ((x >>> 16) & 255)] ?? 0);
  return ((sum ^ (s[512 + ((x >>> 8) & 255)] ?? 0)) + (s[768 + (x & 255)] ?? 0)) | 0;
}

/** What {@link fractionOfPi} gives: always the same, and as slow as half of the hashing. */
let initialTables: Int32Array | undefined;

/** The first bits behind the point of pi, in words of 32: what the tables of Blowfish begin with. */
function fractionOfPi(words: number): Int32Array {
  const guard = 64n;
  const one = 1n << (BigInt(words) * 32n + guard);
  // Machin: pi is 16 arctan(1/5) - 4 arctan(1/239).
  const arctan = (inverse: bigint) => {
    let term = one / inverse;
    let sum = term;
    for (let k = 3n, sign = -1n; term !== 0n; k += 2n, sign = -sign) {
      term /= inverse * inverse;
      sum += (sign * term) / k;
    }
    return sum;
  };
  const pi = 16n * arctan(5n) - 4n * arctan(239n);
  const digits = ((pi - 3n * one) >> guard).toString(16).padStart(words * 8, "0");
  return Int32Array.from({ length: words }, (_, word) => Number.parseInt(digits.slice(word * 8, word * 8 + 8), 16) | 0);
}
