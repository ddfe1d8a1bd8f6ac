/**
 * Orders keys as go-yaml does: letters after all else, numbers in them by their size, so `k9` comes before `k10`.
 * Meant for `Array.sort`.
 */
export function compareNatural(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === a.length || at === b.length) return a.length - b.length;
  const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
  // Most keys differ first in a letter of ASCII, and then nothing else matters.
  if (left < 0x80 && right < 0x80 && (isAsciiLetter(left) || isAsciiLetter(right))) {
    return isAsciiLetter(left) === isAsciiLetter(right) ? left - right : isAsciiLetter(left) ? 1 : -1;
  }
  return compareCharacters(a, b);
}

/** As go-yaml v3 does: behind a digit letters come before all else, so that `k1a` comes before `k10`. */
export function compareNaturalV3(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  const [left, right] = [/^\p{L}/u.test(a.slice(at)), /^\p{L}/u.test(b.slice(at))];
  if (left !== right && at < a.length && at < b.length && isDigit(a[at - 1] ?? "")) return left ? -1 : 1;
  return compareNatural(a, b);
}

function isAsciiLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function compareCharacters(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const x = left[index] ?? "";
    const y = right[index] ?? "";
    if (x === y) continue;
    const isLetter = { x: /\p{L}/u.test(x), y: /\p{L}/u.test(y) };
    if (isLetter.x !== isLetter.y) return isLetter.y ? -1 : 1;
    return (isLetter.x ? 0 : compareNumbers(left, right, index)) || codeOf(x) - codeOf(y);
  }
  return left.length - right.length;
}

/** Compares the digits that begin at `start`, where the two differ for the first time. */
function compareNumbers(left: string[], right: string[], start: number): number {
  // Behind a digit other than 0 a 0 is part of a number, so both count with a leading 1; elsewhere it only pads.
  const zeroMatters = (left[start] === "0" || right[start] === "0") && isInNumber(left, start);
  const x = readNumber(left, start, zeroMatters ? 1n : 0n);
  const y = readNumber(right, start, zeroMatters ? 1n : 0n);
  if (x.value !== y.value) return x.value < y.value ? -1 : 1;
  return x.length - y.length;
}

function isInNumber(characters: string[], start: number): boolean {
  for (let index = start - 1; index >= 0; index--) {
    const character = characters[index] ?? "";
    if (!isDigit(character)) return false;
    if (character !== "0") return true;
  }
  return false;
}

/** Wraps around in 64 bits, as Go's integers do. */
function readNumber(characters: string[], start: number, first: bigint): { value: bigint; length: number } {
  let value = first;
  let end = start;
  for (; isDigit(characters[end] ?? ""); end++) {
    value = BigInt.asIntN(64, value * 10n + BigInt(codeOf(characters[end] ?? "") - 0x30));
  }
  return { value, length: end - start };
}

function isDigit(character: string): boolean {
  return /^\p{Nd}/u.test(character);
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
