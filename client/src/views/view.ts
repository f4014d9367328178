/**
 * What every view of the page is: a function that is given a parent and a way to say what the person wants, makes its
 * elements once, and returns a function that draws a model. A view fetches nothing and keeps no state but what it drew.
 */
import type { Model } from "../model";
import type { Emit } from "../store";

export type Render = (model: Model) => void;
export type View = (parent: HTMLElement, emit: Emit) => Render;

/** Puts `target` over columns `from` to `to` of its lane, whether or not these can be seen. */
export function place(target: HTMLElement, { state, layout }: Model, from: number, to: number): void {
  target.style.left = `${(from - state.pos) * layout.columnWidth}px`;
  target.style.width = `${(to - from + 1) * layout.columnWidth}px`;
}

/** The position in the column at `x` of a lane. */
export const positionAt = ({ state, layout, total }: Model, x: number): number =>
  Math.min(Math.max(0, total - 1), Math.max(0, state.pos + Math.floor(x / layout.columnWidth)));

/** A mark over the range, for a lane to tint it. */
export function tint(target: HTMLElement, model: Model): void {
  const { range } = model.state;
  target.hidden = !range;
  if (range) place(target, model, range.from, range.to);
}

/** The name of a cell: its number, with a minus where its negative side is meant. */
export const cellName = (id: number, cells: number): string => (id < cells ? String(id) : `${id - cells}−`);
