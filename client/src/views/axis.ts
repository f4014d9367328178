/** Numbers some of the columns by position; dragging it moves through the corpus. */
import { select } from "d3-selection";
import { add, formatCount } from "../dom";
import { onDrag } from "../drag";
import { watch } from "../memo";
import type { Model } from "../model";
import { moveTo } from "../state";
import type { View } from "./view";

/** Between two numbers, in pixels. */
const APART = 90;

export const axis: View = (parent, emit) => {
  const root = add(parent, "div", { class: "strip axis", "aria-hidden": "true" });
  add(root, "div", { class: "gutter" });
  const lane = add(root, "div", { class: "lane" });
  const changed = watch();
  let model: Model;

  onDrag(lane, lane, (start) => {
    const from = model.state.pos;
    return (at, phase) => {
      const steps = Math.round((start.x - at.x) / model.layout.columnWidth);
      emit(moveTo(phase === "cancel" ? from : from + steps), phase);
    };
  });

  return (next) => {
    model = next;
    const { state, layout, total } = model;
    if (!changed(state.pos, layout, total)) return;
    const every = stepFor(APART / layout.columnWidth);
    const first = Math.ceil(state.pos / every) * every;
    const end = Math.min(total, state.pos + layout.columns);
    const marks = Array.from(
      { length: Math.max(0, Math.ceil((end - first) / every)) },
      (_, i) => first + i * every,
    );
    select(lane)
      .selectAll<HTMLSpanElement, number>("span")
      .data(marks, (pos) => pos)
      .join("span")
      .text(formatCount)
      .style("left", (pos) => `${(pos - state.pos + 0.5) * layout.columnWidth}px`);
  };
};

/** The smallest of 1, 2, 5, 10, 20 ... that is at least `steps`. */
function stepFor(steps: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, steps)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= steps) as number;
}
