/**
 * Which cells fit a range: `P(a, b)`, the cells on at all of `a..b`, off in the steps of the constraints around it.
 *
 * Decided on stored values against the cut, a float64 that the server gives for a threshold, exactly as the server
 * decides it. Steps outside the corpus or outside the sequence of the range count as off, and so does NaN.
 */
import type { Constraints, Range, Sides } from "./state";

/** A stretch of stored states, step after step. */
export interface States {
  readonly from: number;
  readonly steps: number;
  readonly cells: number;
  /** steps x cells */
  readonly values: Float32Array | Float64Array;
  /** Positions in this stretch at which a sequence starts, ascending. */
  readonly starts: readonly number[];
  /** The number of positions in the whole corpus. */
  readonly total: number;
}

/** The two values that decide: on where `>= high`, and on the other side where `<= low`. */
export interface Cut {
  readonly high: number;
  /** Null where only the positive side counts. */
  readonly low: number | null;
}

export const cutFor = (cut: number, sides: Sides): Cut => ({
  high: cut,
  low: sides === "both" ? -cut : null,
});

/**
 * The cells, or sides (`C + c` for the negative side of cell c), that fit, ascending; null where `states` do not
 * reach far enough to tell.
 */
export function fitting(states: States, cut: Cut, range: Range, constraints: Constraints): number[] | null {
  const span = deciding(states, range, constraints);
  if (!span) return null;
  if (crossesStart(states, range)) return [];
  const { cells, values, from: origin } = states;
  const found: number[] = [];
  const sides = cut.low === null ? 1 : 2;
  for (let side = 0; side < sides; side++) {
    const on = isOn(cut, side);
    next: for (let cell = 0; cell < cells; cell++) {
      for (let t = span.from; t <= span.to; t++) {
        const inside = t >= range.from && t <= range.to;
        if (on(values[(t - origin) * cells + cell]) !== inside) continue next;
      }
      found.push(side * cells + cell);
    }
  }
  return found;
}

/** How many of `selected` are on at each step of `states`. */
export function countOn(states: States, cut: Cut, selected: readonly number[]): Uint16Array {
  const { cells, values, steps } = states;
  const counts = new Uint16Array(steps);
  for (const id of selected) {
    const on = isOn(cut, id < cells ? 0 : 1);
    for (let t = 0, i = id % cells; t < steps; t++, i += cells) if (on(values[i])) counts[t]++;
  }
  return counts;
}

/** What keeps cells out of a selection in which there are none, and what would let some in. */
export type Excluded =
  | { readonly by: "start"; readonly at: number }
  | { readonly by: "constraints"; readonly constraints: Constraints; readonly cells: number }
  | { readonly by: "threshold"; readonly threshold: number; readonly cells: number }
  | { readonly by: "range"; readonly range: Range; readonly cells: number }
  | { readonly by: "all" }
  /** Not to be told from the states that there are. */
  | { readonly by: "unseen" };

/**
 * `thresholds` are those to try, best first, with their cuts. What `states` do not reach far enough to decide is not
 * tried, and without the range itself only a start of a sequence can be named.
 */
export function excluded(
  states: States,
  cut: Cut,
  range: Range,
  constraints: Constraints,
  thresholds: Iterable<readonly [threshold: number, cut: Cut]>,
): Excluded {
  const at = crossesStart(states, range);
  if (at !== null) return { by: "start", at };
  const [before, after] = constraints;
  const freed = (free: Constraints) => ({
    by: "constraints" as const,
    constraints: free,
    cells: fitting(states, cut, range, free)?.length ?? 0,
  });
  // One end is lifted rather than both, and of the two the one that lets in more.
  const one = [freed([0, after]), freed([before, 0])].sort((a, b) => b.cells - a.cells)[0];
  const lifted = one.cells ? one : freed([0, 0]);
  if (lifted.cells) return lifted;
  for (const [threshold, other] of thresholds) {
    const cells = fitting(states, other, range, constraints)?.length;
    if (cells) return { by: "threshold", threshold, cells };
  }
  for (let to = range.to - 1; to >= range.from; to--) {
    const shorter = { from: range.from, to };
    const cells = fitting(states, cut, shorter, constraints)?.length;
    if (cells) return { by: "range", range: shorter, cells };
  }
  return { by: fitting(states, cut, range, constraints) ? "all" : "unseen" };
}

/** The positions that decide, cut at the ends of the sequence; null where some of them are not in `states`. */
function deciding(states: States, range: Range, [before, after]: Constraints): Range | null {
  const end = states.from + states.steps;
  if (range.from < states.from || range.to >= end) return null;
  const start = states.starts.findLast((at) => at <= range.from) ?? (states.from === 0 ? 0 : null);
  const next = states.starts.find((at) => at > range.to) ?? (end === states.total ? end : null);
  const from = Math.max(range.from - before, start ?? 0);
  const to = Math.min(range.to + after, (next ?? states.total) - 1);
  return from < states.from || to >= end ? null : { from, to };
}

const crossesStart = (states: States, { from, to }: Range): number | null =>
  states.starts.find((at) => at > from && at <= to) ?? null;

function isOn({ high, low }: Cut, side: number): (value: number) => boolean {
  if (side === 0) return (value) => value >= high;
  return low === null ? () => false : (value) => value <= low;
}
