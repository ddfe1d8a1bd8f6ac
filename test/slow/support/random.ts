/**
 * Numbers from 0 up to 1. They repeat with the seed, which is printed: `SKIFF_SEED` brings back the moments of an earlier run
 * (mulberry32).
 */
export function seededRandom(name: string): () => number {
  const seed = Number(process.env["SKIFF_SEED"] ?? Date.now() % 2 ** 31);
  console.log(`${name}: seed ${seed} (SKIFF_SEED=${seed} repeats it)`);
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
