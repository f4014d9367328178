/** Cells as curves on a canvas: how all of them are spread, single lines, and which line passes nearest to a point. */
import type { ScaleLinear } from "d3-scale";
import type { Point } from "../drag";
import type { States } from "../selection";

type Values = Float32Array | Float64Array;

/** Activations over time, and where on the canvas they lie. */
export interface Curves {
  readonly states: States;
  /** Activations, steps x cells as in `states`. For drawing only: what is on is decided on what is stored. */
  readonly values: Values;
  readonly y: ScaleLinear<number, number>;
  /** The position at the left edge, and the width of one in pixels. */
  readonly pos: number;
  readonly columnWidth: number;
  readonly columns: number;
}

const BANDS = [
  [0.05, 0.95],
  [0.25, 0.75],
] as const;

export const activationsOf = ({ values }: States, transform: "tanh" | "none"): Values =>
  transform === "tanh" ? values.map(Math.tanh) : values;

/** The x of the middle of a position's column. */
export const centre = ({ pos, columnWidth }: Curves, at: number): number => (at - pos + 0.5) * columnWidth;

/** Fills the bands that hold nine tenths and half of all cells; `known` keeps the quantiles of a step once found. */
export function drawBands(
  context: CanvasRenderingContext2D,
  curves: Curves,
  known: Map<number, number[]>,
): void {
  const { y } = curves;
  const [first, end] = visibleSteps(curves);
  for (let band = 0; band < BANDS.length; band++) {
    context.beginPath();
    for (let t = first; t < end; t++) {
      context.lineTo(centre(curves, t), y(quantilesAt(curves, t, known)[2 * band]));
    }
    for (let t = end - 1; t >= first; t--) {
      context.lineTo(centre(curves, t), y(quantilesAt(curves, t, known)[2 * band + 1]));
    }
    context.fill();
  }
}

/** Strokes the line of one cell, interrupted where it has no value. */
export function drawLine(context: CanvasRenderingContext2D, curves: Curves, cell: number): void {
  const [first, end] = visibleSteps(curves);
  let gap = true;
  context.beginPath();
  for (let t = first; t < end; t++) {
    const value = valueAt(curves, t, cell);
    if (Number.isFinite(value)) {
      if (gap) context.moveTo(centre(curves, t), curves.y(value));
      else context.lineTo(centre(curves, t), curves.y(value));
    }
    gap = !Number.isFinite(value);
  }
  context.stroke();
}

export const valueAt = ({ states, values }: Curves, t: number, cell: number): number =>
  values[(t - states.from) * states.cells + cell];

/** The one of `ids` whose line passes nearest to `at`, within `reach` pixels above or below. */
export function nearest(curves: Curves, ids: Iterable<number>, at: Point, reach: number): number | null {
  const { states, y } = curves;
  const last = states.from + states.steps - 1;
  const exact = curves.pos + at.x / curves.columnWidth - 0.5;
  const left = Math.min(last, Math.max(states.from, Math.floor(exact)));
  const right = Math.min(last, left + 1);
  const share = Math.min(1, Math.max(0, exact - left));
  let best: number | null = null;
  for (const id of ids) {
    const cell = id % states.cells;
    const value = valueAt(curves, left, cell) * (1 - share) + valueAt(curves, right, cell) * share;
    const distance = Math.abs(y(value) - at.y);
    if (distance < reach) [best, reach] = [id, distance];
  }
  return best;
}

/** Steps in view, and one more on either side for lines to come from. */
function visibleSteps({ states, pos, columns }: Curves): [first: number, end: number] {
  return [Math.max(states.from, pos - 1), Math.min(states.from + states.steps, pos + columns + 1)];
}

function quantilesAt({ states, values }: Curves, t: number, known: Map<number, number[]>): number[] {
  let quantiles = known.get(t);
  if (!quantiles) {
    const offset = (t - states.from) * states.cells;
    const sorted = values
      .slice(offset, offset + states.cells)
      .filter(Number.isFinite)
      .sort();
    quantiles = BANDS.flat().map((share) => sorted[Math.round(share * (sorted.length - 1))] ?? 0);
    known.set(t, quantiles);
  }
  return quantiles;
}
