/** Chance that is the same in every run. */
export function randoms(seed: number) {
  let state = seed;
  /** The congruential generator of Numerical Recipes; its upper bits are random enough to make up examples. */
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { below, pick: <T>(items: readonly T[]): T => items[below(items.length)] };
}
