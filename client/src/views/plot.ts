/** The activations of all cells over the text, the selected ones on top, told apart. */
import { range } from "d3-array";
import { axisLeft } from "d3-axis";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { add, prepare } from "../dom";
import { locate, type Point } from "../drag";
import { GUTTER } from "../layout";
import { memo, watch } from "../memo";
import type { Model } from "../model";
import type { States } from "../selection";
import { brush, point, toggleCell } from "../state";
import { onColumnDrag } from "./columns";
import { activationsOf, type Curves, centre, drawBands, drawLine, nearest, valueAt } from "./curves";
import { threshold } from "./threshold";
import { cellName, place, positionAt, tint, type View } from "./view";

/** Up to so many cells each has a faint line of its own, the paler the more there are; beyond, the bands must do. */
const MOST_LINES = 1024;
/** How near to a line the pointer has to be, and how far it moves in a drag at least; pixels. */
const NEAR = 8;
const DRAGGED = 4;
/** How far a number of the axis is from the threshold at least, whose handle would cover it else. */
const COVERED = 14;
/** Room above and below the extreme values. */
const MARGIN = 8;
/** The room that the name of a cell takes right of and above its place, at most. */
const LABEL = [140, 28] as const;

export const plot: View = (parent, emit) => {
  const root = add(parent, "section", { "data-view": "plot", class: "strip", "aria-label": "Activations" });
  const gutter = add(root, "div", { class: "gutter" });
  const axis = select(gutter).append("svg").attr("class", "y-axis").attr("aria-hidden", "true").append("g");
  const lane = add(root, "div", { class: "lane" });
  const tinted = add(lane, "div", { class: "range-tint" });
  const back = add(lane, "canvas", { "aria-hidden": "true" });
  const front = add(lane, "canvas", { role: "img" });
  const column = add(lane, "div", { class: "column-mark" });
  const label = add(lane, "span", { class: "cell-label" });
  const drawThreshold = threshold(root, lane, emit);

  const activations = memo(activationsOf);
  const quantiles = memo((_states: States) => new Map<number, number[]>());
  const axisChanged = watch();
  const backChanged = watch();
  const frontChanged = watch();
  let model: Model;
  let curves: Curves | null = null;

  function drawBack(context: CanvasRenderingContext2D, curves: Curves): void {
    const { theme, cells } = model;
    context.fillStyle = theme.band;
    drawBands(context, curves, quantiles(curves.states));
    if (cells > MOST_LINES) return;
    context.strokeStyle = theme.faint;
    context.lineWidth = 0.6;
    context.globalAlpha = Math.max(0.06, Math.min(1, 30 / cells));
    for (let cell = 0; cell < cells; cell++) drawLine(context, curves, cell);
  }

  function drawAxis(y: Curves["y"]): void {
    axis
      .attr("transform", `translate(${GUTTER - 8},0)`)
      .call(axisLeft<number>(y).ticks(5).tickSize(4))
      .selectAll<SVGGElement, number>(".tick")
      .attr("display", (value) => (Math.abs(y(value) - y(model.state.threshold)) < COVERED ? "none" : null));
  }

  /** The more lines, the thinner and the paler; the one that is pointed at stands out from any number. */
  function drawFront(context: CanvasRenderingContext2D, curves: Curves): void {
    const { selected, hues, theme, state, cells } = model;
    const many = hues.size === 0;
    const colourOf = (id: number) => theme.hues[hues.get(id) ?? -1] ?? theme.accent;
    context.lineJoin = "round";
    context.lineWidth = many ? Math.max(0.6, 2 - selected.length / 60) : 2;
    context.globalAlpha = many ? Math.max(0.18, Math.min(0.8, 14 / selected.length)) : 1;
    for (const id of selected) {
      context.strokeStyle = colourOf(id);
      drawLine(context, curves, id % cells);
    }
    const { cell } = state.hover;
    if (cell === null) return;
    context.globalAlpha = 1;
    context.lineWidth = 5;
    context.strokeStyle = theme.paper;
    drawLine(context, curves, cell % cells);
    context.lineWidth = 2.5;
    context.strokeStyle = selected.includes(cell) ? colourOf(cell) : theme.ink;
    drawLine(context, curves, cell % cells);
  }

  /** Names the cell that is pointed at, here or in the list, with its activation where the pointer or else the range is. */
  function drawLabel(width: number): void {
    const { state, layout, cells } = model;
    const { cell } = state.hover;
    const last = state.pos + layout.columns - 1;
    const at = Math.min(last, Math.max(state.pos, state.hover.pos ?? state.range?.from ?? state.pos));
    const value = curves && cell !== null ? valueAt(curves, at, cell % cells) : undefined;
    label.hidden = true;
    if (!curves || cell === null || value === undefined || Number.isNaN(value)) return;
    label.hidden = false;
    label.textContent = `cell ${cellName(cell, cells)}  ${value.toFixed(3)}`;
    const [x, y] = [centre(curves, at), curves.y(value)];
    label.style.left = `${x}px`;
    label.style.top = `${y}px`;
    label.classList.toggle("below", y < LABEL[1]);
    label.classList.toggle("before", x > width - LABEL[0]);
  }

  /** The cell whose line passes near `at`, a selected one rather than any other. */
  function cellAt(at: Point): number | null {
    if (!curves) return null;
    return nearest(curves, model.selected, at, NEAR) ?? nearest(curves, range(model.cells), at, NEAR);
  }

  lane.addEventListener("pointermove", (event) => {
    const at = locate(event, lane);
    emit(point({ pos: positionAt(model, at.x), cell: event.buttons ? null : cellAt(at) }), "live");
  });
  lane.addEventListener("pointerleave", () => emit(point({ pos: null, cell: null }), "live"));

  const now = () => model;
  onColumnDrag(lane, lane, now, emit, (start) => {
    const from = positionAt(model, start.x);
    let dragged = false;
    return (at, phase) => {
      dragged ||= Math.abs(at.x - start.x) > DRAGGED;
      const cell = phase === "done" && !dragged ? cellAt(at) : null;
      if (dragged) emit(brush(from, positionAt(model, at.x)), phase);
      else if (cell !== null) emit(toggleCell(cell, model.selected));
    };
  });

  return (next) => {
    model = next;
    const { state, layout, window, domain, theme, source, selected } = model;
    const { columns, columnWidth } = layout;
    const [width, height] = [columns * columnWidth, lane.clientHeight];
    const y = scaleLinear(domain, [height - MARGIN, MARGIN]);
    curves = window &&
      source && {
        states: window.states,
        values: activations(window.states, source.transform),
        y,
        pos: state.pos,
        columnWidth,
        columns,
      };
    tint(tinted, model);
    drawThreshold(model, y);
    column.hidden = state.hover.pos === null;
    if (state.hover.pos !== null) place(column, model, state.hover.pos, state.hover.pos);

    if (axisChanged(domain, height, state.threshold)) drawAxis(y);
    if (backChanged(state.pos, layout, window, domain, theme, height)) {
      const context = prepare(back, width, height);
      if (curves) drawBack(context, curves);
    }
    if (frontChanged(state.pos, layout, window, domain, theme, height, selected, state.hover.cell)) {
      const context = prepare(front, width, height);
      if (curves) drawFront(context, curves);
      front.setAttribute(
        "aria-label",
        `Activations of ${model.cells} cells, ${selected.length} of them selected`,
      );
    }
    drawLabel(width);
  };
};
