/** How far matches agree: what an annotation mostly is inside their ranges. */
import { mean } from "d3-array";
import { counted, formatCount } from "./dom";
import { type Encoding, type Mark, short, type Value } from "./encoding";

export interface Agreement {
  /** The most frequent label with a colon; of numbers, that the figure is their mean. */
  readonly label: string;
  /** How much of all has that label, in whole per cent and rounded down; of numbers, their mean. */
  readonly figure: string;
  /** The same, exactly, and of what. */
  readonly sentence: string;
  /** The most frequent label as the legend has it; null where there is no label with a colour of its own. */
  readonly mark: Mark | null;
  /** The most frequent label as it is written, where there are others; else null. */
  readonly disputed: string | null;
}

/**
 * What `values`, those inside the ranges of so many `matches` listed, mostly are; null where there are none, or only
 * counts. Not `whole` where ranges reach beyond what is loaded of them.
 */
export function agreementOf(
  values: readonly Value[],
  matches: number,
  whole: boolean,
  { name, kind, mark }: Encoding,
): Agreement | null {
  if (kind === "count") return null;
  const inside = `inside the ranges of the ${counted(matches, "match", "matches")} listed${whole ? "" : ", as far as these are loaded"}`;
  if (kind === "scalar") {
    const numbers = values.filter((value) => typeof value === "number");
    const average = mean(numbers);
    if (average === undefined) return null;
    const figure = short(average);
    const of = counted(numbers.length, "position");
    const sentence = `The mean of ${name} is ${figure} over ${of} ${inside}.`;
    return { label: "mean", figure, sentence, mark: null, disputed: null };
  }
  const tally = new Map<string, number>();
  const marks = new Map<string, Mark>();
  for (const value of values) {
    const met = mark(value);
    if (!met) continue;
    tally.set(met.text, (tally.get(met.text) ?? 0) + 1);
    marks.set(met.text, met);
  }
  const [most] = [...tally].sort(([, a], [, b]) => b - a);
  if (!most) return null;
  const [label, count] = most;
  const all = [...tally.values()].reduce((sum, n) => sum + n, 0);
  return {
    label: `${label}:`,
    figure: `${Math.floor((100 * count) / all)} %`,
    sentence: `${name} is ${label} at ${formatCount(count)} of ${counted(all, "position")} ${inside}.`,
    mark: (kind === "label" && marks.get(label)) || null,
    disputed: count < all ? label : null,
  };
}
