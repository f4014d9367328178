/**
 * One value of all matches as a field of colour, beside their words and in line with them.
 *
 * The canvas has one pixel a column and row and is magnified by the style sheet: what lies at (column, row) is exactly
 * the colour of that value, and the swatches of the legend say which value has which colour.
 */
import { range } from "d3-array";
import { select } from "d3-selection";
import { type Agreement, agreementOf } from "../agreement";
import { add, button, counted, element, setAttribute } from "../dom";
import { locate } from "../drag";
import { type Encoding, encodingsOf, explained, type Mark, masked, type Value, valueAt } from "../encoding";
import { ROW_HEIGHT } from "../layout";
import type { MatchAnswer } from "../loader";
import { memo, watch } from "../memo";
import type { Model } from "../model";
import { CELL_COUNT, dimOf, point, project } from "../state";
import { visible } from "../tokens";
import { hideTooltip, showTooltip } from "../tooltip";
import { drawLegend, swatch } from "./legend";
import { type Row, rowsOf } from "./matches";
import type { View } from "./view";

interface Panel {
  readonly dim: string;
  /** The annotation, or `cell_count`. */
  readonly name: string;
}

export const heatmaps: View = (parent, emit) => {
  const root = add(parent, "div", { class: "maps" });
  // At both edges of what is seen, where there is more to either side.
  const [back, onward] = (["left", "right"] as const).map((side) => {
    const scroll = () => parent.scrollTo({ left: side === "left" ? 0 : parent.scrollWidth });
    return element("div", { class: `maps-edge ${side}` }, button("", scroll));
  });
  parent.prepend(back);
  parent.append(onward);
  parent.addEventListener("scroll", drawEdges);
  const changed = watch();
  const list = memo(rowsOf);
  const encode = memo(encodingsOf);
  let model: Model;
  let encodings: ReadonlyMap<string, Encoding>;
  const agreements = new Map<string, Agreement | null>();

  function newPanel({ dim, name }: Panel): HTMLElement {
    const title = element("button", { type: "button", class: "map-title" });
    title.addEventListener("click", () => emit(project(dim)));
    const figure = button("", () => seekException(panel, dim), { class: "quiet figure" });
    const agreement = element(
      "div",
      { class: "agreement" },
      element("span", { class: "most-colour" }),
      element("span", { class: "most" }),
      figure,
    );
    const canvas = element("canvas", { role: "img" });
    canvas.addEventListener("pointermove", (event) => explain(event, canvas, dim));
    canvas.addEventListener("pointerleave", () => {
      hideTooltip();
      emit(point({ rank: null }), "live");
    });
    const panel = element(
      "section",
      { class: "map", "data-view": "heatmap", "data-name": name },
      element("div", { class: "map-head" }, title, agreement, element("div", { class: "legend" })),
      element(
        "div",
        { class: "map-field" },
        canvas,
        element("div", { class: "hairline" }),
        element("div", { class: "map-row" }),
      ),
    );
    return panel;
  }

  /** Points at the next match with another label inside its range than most have, and brings it into view. */
  function seekException(panel: HTMLElement, dim: string): void {
    const { matches, state } = model;
    const most = agreements.get(dim)?.disputed;
    if (!matches || most == null) return;
    const encoding = encodings.get(dim) as Encoding;
    const ranks = list(matches)
      .filter((row) =>
        valuesIn(dim, row, matches).some((value) => (encoding.mark(value)?.text ?? most) !== most),
      )
      .map(({ rank }) => rank);
    const here = state.hover.rank ?? -1;
    const rank = ranks.find((rank) => rank > here) ?? ranks[0];
    emit(point({ rank }), "live");
    const mark = panel.querySelector(".map-row") as HTMLElement;
    markRow(mark, rank);
    mark.scrollIntoView({ block: "center", inline: "nearest" });
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
    agreements.set(dim, agreement);
    drawAgreement(panel.querySelector(".agreement") as HTMLElement, agreement);
    title.title = [`Colour the words by ${encoding.name}.`, agreement?.sentence].filter(Boolean).join("\n");
    const legend = panel.querySelector(".legend") as HTMLElement;
    drawLegend(legend, encoding, explained(encoding, met), layout.mapColumns * layout.mapCell);
  }

  function drawAgreement(target: HTMLElement, agreement: Agreement | null): void {
    // Where there is none its line is kept, so that the heads of all maps are alike.
    target.style.visibility = agreement ? "" : "hidden";
    if (!agreement) return;
    const { label, figure, sentence, mark, disputed } = agreement;
    target.title = sentence;
    (target.querySelector(".most-colour") as HTMLElement).replaceChildren(...(mark ? [swatch(mark)] : []));
    (target.querySelector(".most") as HTMLElement).textContent = label;
    const seek = target.querySelector("button") as HTMLButtonElement;
    seek.textContent = figure;
    seek.disabled = disputed === null;
    const way = `the next match that is not ${disputed} all through`;
    setAttribute(seek, "title", disputed === null ? null : `${sentence}\nA click leads to ${way}.`);
    setAttribute(seek, "aria-label", disputed === null ? null : `${label} ${figure}, ${way}`);
  }

  /** Says how many maps lie beyond the right edge, all or some of each, and leads to them and back. */
  function drawEdges(): void {
    const { right } = parent.getBoundingClientRect();
    const beyond = [...root.children].filter((map) => map.getBoundingClientRect().right > right + 1).length;
    drawEdge(back, parent.scrollLeft > 0, "‹ back", "Scroll back to the words");
    drawEdge(onward, beyond > 0, `${beyond} more ›`, `Scroll to ${counted(beyond, "more heat map")}`);
  }

  function drawEdge(edge: HTMLElement, shown: boolean, text: string, title: string): void {
    const leads = edge.querySelector("button") as HTMLButtonElement;
    edge.hidden = !shown;
    leads.textContent = text;
    leads.title = title;
  }

  /** Puts a mark over the row of a match, if that is listed. */
  function markRow(mark: HTMLElement, rank: number): void {
    mark.hidden = !(rank >= 0 && rank < (model.matches?.matches.rankingDetail.length ?? 0));
    mark.style.top = `${Math.max(0, rank) * ROW_HEIGHT}px`;
  }

  return (next) => {
    model = next;
    draw();
    const rank = model.state.hover.rank ?? -1;
    for (const mark of root.querySelectorAll<HTMLElement>(".map-row")) markRow(mark, rank);
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
    drawEdges();
  }
};

/** How far the matches agree on what lies inside their ranges, as far as their context reaches. */
function agreementOn(dim: string, rows: readonly Row[], answer: MatchAnswer, encoding: Encoding) {
  const whole = rows.every(({ rank, to, origin }) => to - origin < stepsOf(answer, rank));
  const values = rows.flatMap((row) => valuesIn(dim, row, answer));
  return agreementOf(values, rows.length, whole, encoding);
}

/** The values inside the range of a match, as far as its context reaches. */
function valuesIn(dim: string, { rank, from, to, origin }: Row, answer: MatchAnswer): Value[] {
  return range(from - origin, Math.min(to - origin + 1, stepsOf(answer, rank))).map((step) =>
    valueAt(answer.matches.positionDetail, dim, rank, step),
  );
}

const stepsOf = ({ matches }: MatchAnswer, rank: number): number =>
  matches.positionDetail.cell_count?.[rank].length ?? 0;
