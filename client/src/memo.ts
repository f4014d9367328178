/** Remembering by identity, which is all it takes where every value is immutable. */

/** `compute`, but only where an argument is another one than last time. */
export function memo<A extends readonly unknown[], R>(compute: (...args: A) => R): (...args: A) => R {
  let last: A | undefined;
  let result: R;
  return (...args) => {
    if (!last || !sameItems(last, args)) {
      result = compute(...args);
      last = args;
    }
    return result;
  };
}

/** A function that says whether its arguments are others than last time. */
export function watch(): (...args: readonly unknown[]) => boolean {
  let last: readonly unknown[] | undefined;
  return (...args) => {
    const changed = !last || !sameItems(last, args);
    last = args;
    return changed;
  };
}

/** The list before where `next` holds the same, so that what hangs on it is not done again. */
export function keepList<T>(before: readonly T[], next: readonly T[]): readonly T[] {
  return sameItems(before, next) ? before : next;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
