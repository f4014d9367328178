/**
 * One value of all matches as a field of colour, beside their words and in line with them.
 *
 * The canvas has one pixel a column and row and is magnified by the style sheet: what lies at (column, row) is exactly
 * the colour of that value, and the swatches of the legend say which value has which colour.
 */
import { range } from "d3-array";
import { select } from "d3-selection";
import { agreementOf } from "../agreement";
import { add, element } from "../dom";
import { locate } from "../drag";
import { type Encoding, encodingsOf, explained, type Mark, masked, valueAt } from "../encoding";
import { ROW_HEIGHT } from "../layout";
import type { MatchAnswer } from "../loader";
import { memo, watch } from "../memo";
import type { Model } from "../model";
import { CELL_COUNT, dimOf, point, project } from "../state";
import { visible } from "../tokens";
import { hideTooltip, showTooltip } from "../tooltip";
import { drawLegend } from "./legend";
import { type Row, rowsOf } from "./matches";
import type { View } from "./view";

interface Panel {
  readonly dim: string;
  /** The annotation, or `cell_count`. */
  readonly name: string;
}

/** Pixels that a map has to be wide for the figure of its agreement beside its name, and for what it is a figure of. */
const FIGURE_ROOM = 90;
const LABEL_ROOM = 120;

export const heatmaps: View = (parent, emit) => {
  const root = add(parent, "div", { class: "maps" });
  const changed = watch();
  const list = memo(rowsOf);
  const encode = memo(encodingsOf);
  let model: Model;
  let encodings: ReadonlyMap<string, Encoding>;

  function newPanel({ dim, name }: Panel): HTMLElement {
    const title = element("button", { type: "button", class: "map-title" });
    title.addEventListener("click", () => emit(project(dim)));
    const canvas = element("canvas", { role: "img" });
    canvas.addEventListener("pointermove", (event) => explain(event, canvas, dim));
    canvas.addEventListener("pointerleave", () => {
      hideTooltip();
      emit(point({ rank: null }), "live");
    });
    return element(
      "section",
      { class: "map", "data-view": "heatmap", "data-name": name },
      element(
        "div",
        { class: "map-head" },
        element("div", { class: "map-name" }, title, element("div", { class: "agreement" })),
        element("div", { class: "legend" }),
      ),
      element(
        "div",
        { class: "map-field" },
        canvas,
        element("div", { class: "hairline" }),
        element("div", { class: "map-row" }),
      ),
    );
  }

  function explain(event: PointerEvent, canvas: HTMLCanvasElement, dim: string): void {
    const { layout, matches } = model;
    if (!matches) return;
    const at = locate(event, canvas);
    const row = list(matches)[Math.floor(at.y / ROW_HEIGHT)];
    if (!row) return;
    const step = stepIn(row, Math.floor(at.x / layout.mapCell));
    const token = matches.matches.positionDetail.words?.[row.rank]?.words[step];
    const mark = encodings.get(dim)?.mark(valueAt(matches.matches.positionDetail, dim, row.rank, step));
    const lines = [token === undefined ? null : visible(token), mark?.detail];
    showTooltip(lines.filter((line) => line !== undefined && line !== null).join("\n"), event);
    emit(point({ rank: row.rank }), "live");
  }

  const stepIn = (row: Row, column: number) => row.from - row.origin - model.layout.mapBefore + column;

  function drawPanel(panel: HTMLElement, dim: string, answer: MatchAnswer): void {
    const { layout, state, theme } = model;
    const encoding = encodings.get(dim) as Encoding;
    const { cell_count: counts } = answer.matches.positionDetail;
    const veiled = state.masked && dim !== CELL_COUNT;
    const rows = list(answer);
    const canvas = panel.querySelector("canvas") as HTMLCanvasElement;
    canvas.width = layout.mapColumns;
    canvas.height = rows.length;
    panel.style.width = `${layout.mapColumns * layout.mapCell}px`;
    canvas.style.width = `${layout.mapColumns * layout.mapCell}px`;
    canvas.style.height = `${rows.length * ROW_HEIGHT}px`;
    canvas.setAttribute("aria-label", `${encoding.name} around ${rows.length} matches, one row a match`);
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    const met = new Map<string, Mark>();
    for (const row of rows) {
      for (let column = 0; column < layout.mapColumns; column++) {
        const value = valueAt(answer.matches.positionDetail, dim, row.rank, stepIn(row, column));
        const mark = encoding.mark(value);
        if (!mark) continue;
        met.set(mark.text, mark);
        const on = counts?.[row.rank][stepIn(row, column)] ?? 0;
        const { colour } = veiled ? masked(mark, on / answer.query.cells.length, theme) : mark;
        if (colour === "") continue;
        context.fillStyle = colour;
        context.fillRect(column, row.rank, 1, 1);
      }
    }
    (panel.querySelector(".hairline") as HTMLElement).style.left = `${layout.mapBefore * layout.mapCell}px`;
    const title = panel.querySelector(".map-title") as HTMLElement;
    title.textContent = encoding.name;
    title.setAttribute("aria-pressed", String(state.projected === dim));
    const agreement = agreementOn(dim, rows, answer, encoding);
    const figure = panel.querySelector(".agreement") as HTMLElement;
    figure.title = agreement?.sentence ?? "";
    const width = layout.mapColumns * layout.mapCell;
    figure.hidden = width < FIGURE_ROOM || !agreement;
    figure.replaceChildren(
      element("span", { class: "most" }, (width >= LABEL_ROOM && agreement?.label) || ""),
      element("span", { class: "figure" }, agreement?.figure ?? ""),
    );
    title.title = [`Colour the words by ${encoding.name}.`, agreement?.sentence].filter(Boolean).join("\n");
    const legend = panel.querySelector(".legend") as HTMLElement;
    drawLegend(legend, encoding, explained(encoding, met), layout.mapColumns * layout.mapCell);
  }

  function markRow(): void {
    const rank = model.state.hover.rank ?? -1;
    const there = rank >= 0 && rank < (model.matches?.matches.rankingDetail.length ?? 0);
    for (const mark of root.querySelectorAll<HTMLElement>(".map-row")) {
      mark.hidden = !there;
      mark.style.top = `${Math.max(0, rank) * ROW_HEIGHT}px`;
    }
  }

  return (next) => {
    model = next;
    draw();
    markRow();
  };

  function draw(): void {
    const { state, layout, matches, tracks, annotations, theme } = model;
    root.dataset.stale = String(model.outdated);
    if (!changed(matches, layout, state.projected, state.masked, tracks, annotations, theme)) return;
    root.hidden = !matches || matches.matches.rankingDetail.length === 0;
    root.style.width = `${layout.mapsWidth}px`;
    encodings = encode(tracks, annotations, matches?.query.cells.length ?? 0, theme);
    const panels: Panel[] = [
      { dim: CELL_COUNT, name: CELL_COUNT },
      ...tracks.map((name) => ({ dim: dimOf(name), name })),
    ];
    select(root)
      .selectAll<HTMLElement, Panel>(".map")
      .data(panels, ({ dim }) => dim)
      .join((enter) => enter.append(newPanel))
      .order()
      .each(function ({ dim }) {
        if (matches) drawPanel(this, dim, matches);
      });
  }
};

/** How far the matches agree on what lies inside their ranges, as far as their context reaches. */
function agreementOn(dim: string, rows: readonly Row[], { matches }: MatchAnswer, encoding: Encoding) {
  const context = matches.positionDetail;
  let whole = true;
  const values = rows.flatMap(({ rank, from, to, origin }) => {
    const steps = context.cell_count?.[rank].length ?? 0;
    if (to - origin >= steps) whole = false;
    return range(from - origin, Math.min(to - origin + 1, steps)).map((step) =>
      valueAt(context, dim, rank, step),
    );
  });
  return agreementOf(values, rows.length, whole, encoding);
}
