/** The threshold as a line across the plot, to be dragged or moved by keys; dashed, where the negative side begins. */
import type { ScaleLinear } from "d3-scale";
import { add } from "../dom";
import { onDrag } from "../drag";
import type { Model } from "../model";
import { setThreshold } from "../state";
import type { Emit } from "../store";
import { onGrid, stepThreshold } from "../thresholds";

/** What the keys do to it, in steps. */
const STEPS: Record<string, number> = {
  ArrowUp: 1,
  ArrowRight: 1,
  ArrowDown: -1,
  ArrowLeft: -1,
  PageUp: 10,
  PageDown: -10,
};

/** `lane` is where `y` of the render measures from the top. */
export function threshold(parent: HTMLElement, lane: HTMLElement, emit: Emit) {
  const mirror = add(lane, "div", { class: "threshold mirror" });
  const line = add(parent, "div", {
    class: "threshold",
    role: "slider",
    tabindex: 0,
    "aria-label": "Threshold",
    "aria-orientation": "vertical",
  });
  const handle = add(line, "span", { class: "handle" });
  let model: Model;
  let y: ScaleLinear<number, number>;

  onDrag(line, lane, () => (at, phase) => {
    emit(setThreshold(onGrid(y.invert(at.y), model.thresholds)), phase);
  });

  line.addEventListener("keydown", (event) => {
    const { thresholds } = model;
    const ends: Record<string, number> = { Home: thresholds.min, End: thresholds.max };
    if (event.key in STEPS) emit(stepThreshold(STEPS[event.key], thresholds));
    else if (event.key in ends) emit(setThreshold(onGrid(ends[event.key], thresholds)));
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return (next: Model, scale: ScaleLinear<number, number>) => {
    model = next;
    y = scale;
    const { state, thresholds } = model;
    line.style.top = `${y(state.threshold)}px`;
    handle.textContent = String(state.threshold).replace("-", "\u2212");
    line.setAttribute("aria-valuenow", String(state.threshold));
    line.setAttribute("aria-valuemin", String(thresholds.min));
    line.setAttribute("aria-valuemax", String(thresholds.max));
    mirror.hidden = state.sides !== "both";
    mirror.style.top = `${y(-state.threshold)}px`;
  };
}
