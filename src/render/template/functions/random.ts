import { GoError } from "../go-error.ts";
import { runesOf } from "../go-text.ts";
import type { Run } from "../run.ts";
import { type FunctionTable, int, runFn, string } from "../signature.ts";
import { goInt } from "../values.ts";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const digits = "0123456789";
const printable = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index)).join("");

/** Sprig's random values, from the source that the caller of the render gives. */
export const randomFunctions: FunctionTable = {
  randAlphaNum: runFn([int], (run, count) => randomText(run, count, letters + digits)),
  randAlpha: runFn([int], (run, count) => randomText(run, count, letters)),
  randNumeric: runFn([int], (run, count) => randomText(run, count, digits)),
  randAscii: runFn([int], (run, count) => randomText(run, count, printable)),
  randInt: runFn([int, int], (run, min, max) => {
    if (max - min <= 0) throw new GoError("invalid argument to Intn");
    return goInt(min + randomBelow(run, max - min));
  }),
  randBytes: runFn([int], (run, count) => {
    if (count < 0) throw new GoError("runtime error: makeslice: len out of range");
    run.reserve(count);
    return Buffer.from(run.options.random(count)).toString("base64");
  }),
  shuffle: runFn([string], (run, text) => {
    const runes = runesOf(text);
    run.charge(runes.length);
    for (let last = runes.length - 1; last > 0; last--) {
      const other = randomBelow(run, last + 1);
      [runes[last], runes[other]] = [runes[other] ?? "", runes[last] ?? ""];
    }
    return runes.join("");
  }),
  uuidv4: runFn([], (run) => {
    const bytes = Buffer.from(run.options.random(16));
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }),
};

function randomText(run: Run, count: number, alphabet: string): string {
  if (count <= 0) return "";
  run.reserve(count);
  run.charge(count);
  let text = "";
  // Bytes beyond the last whole multiple of the alphabet would make its first characters likelier.
  const limit = 256 - (256 % alphabet.length);
  while (text.length < count) {
    for (const byte of run.options.random(2 * (count - text.length))) {
      if (byte < limit && text.length < count) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}

/** A random integer from 0 up to but without `limit`, each as likely as the others. */
function randomBelow(run: Run, limit: number): number {
  const range = 2 ** 48;
  for (;;) {
    const value = Buffer.from(run.options.random(6)).readUIntBE(0, 6);
    if (value < range - (range % limit)) return value % limit;
  }
}
