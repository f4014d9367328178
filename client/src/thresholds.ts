/** The thresholds that can be had by dragging and by keys, and their cuts. */
import { tickStep } from "d3-array";
import type { Source } from "./api";
import { type Cut, cutFor } from "./selection";
import { type Sides, setThreshold, type Transition } from "./state";

export interface Thresholds {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** Beyond this many units hundredths are too fine to be dragged. */
const WIDE = 20;

export function thresholdsOf(
  transform: Source["transform"] | undefined,
  [low, high]: readonly [number, number],
): Thresholds {
  if (transform !== "none") return { min: Math.max(low, -0.99), max: Math.min(high, 0.99), step: 0.01 };
  const fine = tickStep(low, high, 200);
  return { min: low, max: high, step: high - low > WIDE ? fine : Math.min(0.01, fine) };
}

/** The multiple of the step nearest to `value`, as the number that its decimals mean, between the ends. */
export function onGrid(value: number, { min, max, step }: Thresholds): number {
  const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)) + 1;
  const nearest = Math.round(Math.min(max, Math.max(min, value)) / step) * step;
  // Adding 0 makes 0 of -0.
  return Number(nearest.toFixed(decimals)) + 0;
}

/** A tanh is never 1: a threshold of 1 and more, from an address or from another source, becomes the nearest one. */
export const reachable =
  (transform: Source["transform"] | undefined, thresholds: Thresholds): Transition =>
  (s) =>
    transform === "tanh" && Math.abs(s.threshold) >= 1 ? setThreshold(onGrid(s.threshold, thresholds))(s) : s;

export const stepThreshold =
  (steps: number, thresholds: Thresholds): Transition =>
  (s) =>
    setThreshold(onGrid(s.threshold + steps * thresholds.step, thresholds))(s);

/** The thresholds that can be had below `threshold`, the nearest first, with their cuts; `cuts` is null where these are the same. */
export function lowerCuts(
  threshold: number,
  thresholds: Thresholds,
  cuts: ReadonlyMap<number, number> | null,
  sides: Sides,
): (readonly [threshold: number, cut: Cut])[] {
  const { min, max, step } = thresholds;
  const least = sides === "both" ? step : min;
  const above = Math.min(threshold, max + step);
  const count = Math.max(0, Math.floor((above - least) / step + 1e-9));
  return Array.from({ length: count }, (_, i) => onGrid(above - (i + 1) * step, thresholds))
    .map((lower) => [lower, cuts ? cuts.get(lower) : lower] as const)
    .filter((entry): entry is [number, number] => entry[1] !== undefined)
    .map(([lower, cut]) => [lower, cutFor(cut, sides)] as const);
}
