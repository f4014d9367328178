/** Which of the few hues that can be told apart a selected cell has. */

export const HUES = 8;

/**
 * A hue, 0 to 7, for each of `cells`: those that had one keep it, so that colours do not change under the hand. None
 * where the cells are more than the hues.
 */
export function assignHues(
  before: ReadonlyMap<number, number>,
  cells: readonly number[],
): ReadonlyMap<number, number> {
  const hues = new Map<number, number>();
  if (cells.length > HUES) return hues;
  for (const cell of cells) {
    const hue = before.get(cell);
    if (hue !== undefined) hues.set(cell, hue);
  }
  const free = Array.from({ length: HUES }, (_, hue) => hue).filter(
    (hue) => ![...hues.values()].includes(hue),
  );
  for (const cell of cells) if (!hues.has(cell)) hues.set(cell, free.shift() as number);
  return hues;
}
