/** The activations of all cells over the text: how they are spread, the selected ones on top, and the threshold. */
import { axisLeft } from "d3-axis";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { add, prepare } from "../dom";
import { locate, onDrag, type Point } from "../drag";
import { GUTTER } from "../layout";
import { memo, watch } from "../memo";
import type { Model } from "../model";
import type { States } from "../selection";
import { brush, point, setThreshold, toggleCell } from "../state";
import { onGrid, stepThreshold } from "../thresholds";
import { cellName, place, positionAt, tint, type View } from "./view";

/** Up to so many cells each unselected one gets a line of its own. */
const FEW_CELLS = 64;
/** How near to a line the pointer has to be, in pixels. */
const NEAR = 8;
/** Room above and below the extreme values. */
const MARGIN = 8;
/** What the keys do to the threshold, in steps. */
const STEPS: Record<string, number> = {
  ArrowUp: 1,
  ArrowRight: 1,
  ArrowDown: -1,
  ArrowLeft: -1,
  PageUp: 10,
  PageDown: -10,
};
const BANDS = [
  [0.05, 0.95],
  [0.25, 0.75],
] as const;

export const plot: View = (parent, emit) => {
  const root = add(parent, "section", { "data-view": "plot", class: "strip", "aria-label": "Activations" });
  const gutter = add(root, "div", { class: "gutter" });
  const axis = select(gutter).append("svg").attr("class", "y-axis").attr("aria-hidden", "true").append("g");
  const lane = add(root, "div", { class: "lane" });
  const range = add(lane, "div", { class: "range-tint" });
  const base = add(lane, "canvas", { "aria-hidden": "true" });
  const front = add(lane, "canvas", { role: "img" });
  const column = add(lane, "div", { class: "column-mark" });
  const mirror = add(lane, "div", { class: "threshold mirror" });
  const threshold = add(root, "div", {
    class: "threshold",
    role: "slider",
    tabindex: 0,
    "aria-label": "Threshold",
    "aria-orientation": "vertical",
  });
  const handle = add(threshold, "span", { class: "handle" });
  const label = add(lane, "span", { class: "cell-label" });

  let model: Model;
  let y = scaleLinear();
  const activations = memo(activationsOf);
  const spreads = memo((_states: States) => new Map<number, number[]>());
  const baseChanged = watch();
  const frontChanged = watch();

  const render = (next: Model) => {
    model = next;
    const { state, layout, window, domain, theme, source, thresholds } = model;
    const height = lane.clientHeight;
    y = scaleLinear(domain, [height - MARGIN, MARGIN]);
    tint(range, model);
    placeThreshold();
    const { hover } = state;
    column.hidden = hover.pos === null;
    if (hover.pos !== null) place(column, model, hover.pos, hover.pos);

    const width = layout.columns * layout.columnWidth;
    if (baseChanged(state.pos, layout, window, domain, theme, height)) {
      axis.attr("transform", `translate(${GUTTER - 8},0)`).call(axisLeft(y).ticks(5).tickSize(4));
      const context = prepare(base, width, height);
      if (window && source) drawSpread(context);
    }
    if (frontChanged(state.pos, layout, window, domain, theme, height, model.selected, hover.cell)) {
      const context = prepare(front, width, height);
      if (window && source) drawSelected(context);
      const noun = model.selected.length === 1 ? "cell" : "cells";
      front.setAttribute(
        "aria-label",
        `${model.selected.length} selected ${noun} of ${model.cells} over the text`,
      );
    }

    function placeThreshold(): void {
      const at = y(state.threshold);
      threshold.style.top = `${at}px`;
      handle.textContent = String(state.threshold);
      threshold.setAttribute("aria-valuenow", String(state.threshold));
      threshold.setAttribute("aria-valuemin", String(thresholds.min));
      threshold.setAttribute("aria-valuemax", String(thresholds.max));
      mirror.hidden = state.sides !== "both";
      mirror.style.top = `${y(-state.threshold)}px`;
    }
  };

  // --- drawing

  /** Steps of the window that are in view, and one more on either side for lines to come from. */
  function visibleSteps({ from, steps }: States): [number, number] {
    const first = model.state.pos - 1;
    return [Math.max(from, first), Math.min(from + steps, first + model.layout.columns + 2)];
  }

  const centre = (pos: number) => (pos - model.state.pos + 0.5) * model.layout.columnWidth;

  function drawSpread(context: CanvasRenderingContext2D): void {
    const { window, cells, theme } = model;
    if (!window || !model.source) return;
    const { states } = window;
    const values = activations(states, model.source.transform);
    const spread = spreads(states);
    const [first, end] = visibleSteps(states);
    context.fillStyle = theme.band;
    for (let band = 0; band < BANDS.length; band++) {
      context.beginPath();
      for (let t = first; t < end; t++) context.lineTo(centre(t), y(quantilesAt(t)[2 * band]));
      for (let t = end - 1; t >= first; t--) context.lineTo(centre(t), y(quantilesAt(t)[2 * band + 1]));
      context.fill();
    }
    if (cells <= FEW_CELLS) {
      context.strokeStyle = theme.faint;
      context.lineWidth = 0.6;
      for (let cell = 0; cell < cells; cell++) drawLine(context, states, values, cell);
    }

    function quantilesAt(t: number): number[] {
      let quantiles = spread.get(t);
      if (!quantiles) {
        const offset = (t - states.from) * states.cells;
        const sorted = values
          .slice(offset, offset + states.cells)
          .filter((value) => !Number.isNaN(value))
          .sort();
        quantiles = BANDS.flat().map((share) => quantileOf(sorted, share));
        spread.set(t, quantiles);
      }
      return quantiles;
    }
  }

  function drawSelected(context: CanvasRenderingContext2D): void {
    const { window, selected, hues, theme, state, cells } = model;
    label.hidden = true;
    if (!window || !model.source) return;
    const values = activations(window.states, model.source.transform);
    context.lineJoin = "round";
    const many = hues.size === 0;
    context.lineWidth = many ? Math.max(0.6, 2 - selected.length / 60) : 2;
    context.globalAlpha = many ? Math.max(0.18, Math.min(0.8, 14 / selected.length)) : 1;
    for (const id of selected) {
      context.strokeStyle = many ? theme.accent : theme.hues[hues.get(id) ?? 0];
      drawLine(context, window.states, values, id % cells);
    }
    const { cell, pos } = state.hover;
    if (cell === null) return;
    const hue = hues.get(cell);
    context.globalAlpha = 1;
    context.lineWidth = 5;
    context.strokeStyle = theme.paper;
    drawLine(context, window.states, values, cell % cells);
    context.lineWidth = 2.5;
    context.strokeStyle =
      hue !== undefined ? theme.hues[hue] : selected.includes(cell) ? theme.accent : theme.ink;
    drawLine(context, window.states, values, cell % cells);
    if (pos !== null) showLabel(cell, pos, values[(pos - window.states.from) * cells + (cell % cells)]);
  }

  function drawLine(context: CanvasRenderingContext2D, states: States, values: Values, cell: number): void {
    const [first, end] = visibleSteps(states);
    let gap = true;
    context.beginPath();
    for (let t = first; t < end; t++) {
      const value = values[(t - states.from) * states.cells + cell];
      if (Number.isNaN(value)) gap = true;
      else if (gap) {
        context.moveTo(centre(t), y(value));
        gap = false;
      } else context.lineTo(centre(t), y(value));
    }
    context.stroke();
  }

  function showLabel(cell: number, pos: number, value: number | undefined): void {
    if (value === undefined || Number.isNaN(value)) return;
    label.hidden = false;
    label.textContent = `cell ${cellName(cell, model.cells)}  ${value.toFixed(3)}`;
    label.style.left = `${centre(pos)}px`;
    label.style.top = `${y(value)}px`;
  }

  // --- pointing and dragging

  /** The cell whose line passes nearest under `at`, a selected one if one is near. */
  function cellAt(at: Point): number | null {
    const { window, cells, selected, state, layout, source } = model;
    if (!window || !source) return null;
    const { from, steps } = window.states;
    const values = activations(window.states, source.transform);
    const exact = state.pos + at.x / layout.columnWidth - 0.5 - from;
    const left = Math.min(steps - 1, Math.max(0, Math.floor(exact)));
    const right = Math.min(steps - 1, left + 1);
    const share = Math.min(1, Math.max(0, exact - left));
    const distance = (id: number) => {
      const cell = id % cells;
      return Math.abs(
        y(values[left * cells + cell] * (1 - share) + values[right * cells + cell] * share) - at.y,
      );
    };
    const nearest = (ids: Iterable<number>) => {
      let best: number | null = null;
      let least = NEAR;
      for (const id of ids) {
        const d = distance(id);
        if (d < least) [best, least] = [id, d];
      }
      return best;
    };
    return nearest(selected) ?? nearest(Array.from({ length: cells }, (_, cell) => cell));
  }

  lane.addEventListener("pointermove", (event) => {
    if (!model) return;
    const at = locate(event, lane);
    emit(point({ pos: positionAt(model, at.x), cell: event.buttons ? null : cellAt(at) }), "live");
  });
  lane.addEventListener("pointerleave", () => emit(point({ pos: null, cell: null }), "live"));

  onDrag(lane, lane, (start) => {
    const from = positionAt(model, start.x);
    let dragged = false;
    return (at, ended) => {
      dragged ||= Math.abs(at.x - start.x) > 4;
      if (dragged) emit(brush(from, positionAt(model, at.x)), ended ? "done" : "live");
      else if (ended) {
        const cell = cellAt(at);
        if (cell !== null) emit(toggleCell(cell, model.selected));
      }
    };
  });

  onDrag(threshold, lane, () => (at, ended) => {
    emit(setThreshold(onGrid(y.invert(at.y), model.thresholds)), ended ? "done" : "live");
  });

  threshold.addEventListener("keydown", (event) => {
    const { thresholds } = model;
    const { min, max } = thresholds;
    const ends: Record<string, number> = { Home: min, End: max };
    const moved = event.key in STEPS ? stepThreshold(STEPS[event.key], thresholds) : undefined;
    const set = event.key in ends ? setThreshold(onGrid(ends[event.key], thresholds)) : undefined;
    const transition = moved ?? set;
    if (!transition) return;
    event.preventDefault();
    event.stopPropagation();
    emit(transition);
  });

  return render;
};

type Values = Float32Array | Float64Array;

/** For drawing only; what is on or off is decided on what is stored. */
function activationsOf({ values }: States, transform: "tanh" | "none"): Values {
  return transform === "tanh" ? values.map(Math.tanh) : values;
}

/** The value below which `share` of `sorted` lies. */
const quantileOf = (sorted: Values, share: number): number =>
  sorted[Math.round(share * (sorted.length - 1))] ?? 0;
