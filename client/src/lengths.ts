/** Lengths of matches, as the histograms of the server count them. */
import { sum } from "d3-array";
import type { Matches } from "./api";
import { formatCount } from "./dom";

/** The least and the most, both included. */
export type Lengths = readonly [number, number];

/** The last entry of a histogram counts all lengths from here on. */
export const AND_MORE = 200;
/** The most where there is no end. */
export const NO_END = 2 ** 31 - 1;

/** How many matches have all of the selected cells, and how many any of them; of these lengths where there are any. */
export function numbersOf(
  { counts, strictLengthHistogram, fuzzyLengthHistogram }: Matches,
  lengths: Lengths | null,
): { all: number; any: number } {
  if (!lengths) return { all: counts[counts.length - 1], any: sum(counts) };
  return {
    all: countLengths(strictLengthHistogram, lengths),
    any: countLengths(fuzzyLengthHistogram, lengths),
  };
}

/** The matches in a histogram that are as long as one of `lengths`. */
export const countLengths = (histogram: readonly number[], [low, high]: Lengths): number =>
  sum(histogram.slice(low, Math.min(high, AND_MORE) + 1));

/** `length 3`, `length 200 and more`, `lengths 3 to 5`. */
export function written([low, high]: Lengths): string {
  if (low === high) return `length ${formatCount(low)}`;
  if (high === NO_END) return `length ${formatCount(low)} and more`;
  return `lengths ${formatCount(low)} to ${formatCount(high)}`;
}
