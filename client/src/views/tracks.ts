/** The chosen annotations under the words, one lane each, with what their colours mean; and a menu of the others. */
import { max } from "d3-array";
import { select } from "d3-selection";
import { add, button, element } from "../dom";
import { locate } from "../drag";
import { type Encoding, encodingsOf, explained, type Mark, masked, type Value, valueAt } from "../encoding";
import { GUTTER } from "../layout";
import { memo, watch } from "../memo";
import type { Model } from "../model";
import { dimOf, openTrack, point, setTracks } from "../state";
import { fitted } from "../tokens";
import { hideTooltip, showTooltip } from "../tooltip";
import { drawLegend } from "./legend";
import { drawLevel } from "./level";
import { positionAt, type View } from "./view";
import { visiblePositions } from "./words";

/** As many of the ranked words as an opened track shows. */
const MOST_RANKS = 10;
/** Lines of an opened scalar track. */
const BAR_LINES = 3;
const LEGEND_WIDTH = 0.45 * GUTTER;

/** What stands at one place of a track: a value, or one of the ranked words. */
interface Item {
  readonly pos: number;
  readonly rank: number;
}

export const tracks: View = (parent, emit) => {
  const root = add(parent, "section", { "data-view": "tracks", "aria-label": "Annotations" });
  const rows = add(root, "div");
  const menuStrip = add(root, "div", { class: "strip add-track" });
  const menu = add(add(menuStrip, "div", { class: "gutter" }), "select", {
    "aria-label": "Add an annotation",
  });
  const changed = watch();
  const menuChanged = watch();
  const encode = memo(encodingsOf);
  let encodings: ReadonlyMap<string, Encoding>;
  let model: Model;

  menu.addEventListener("change", () => {
    if (menu.value) emit(setTracks([...model.tracks, menu.value]));
  });
  rows.addEventListener("pointermove", (event) => {
    const lane = (event.target as Element).closest<HTMLElement>(".lane");
    if (!lane) return hideTooltip();
    const pos = positionAt(model, locate(event, lane).x);
    emit(point({ pos }), "live");
    const { name } = (lane.parentElement as HTMLElement).dataset;
    const mark = encodings.get(dimOf(name as string))?.mark(valueIn(name as string, pos));
    if (mark) showTooltip(mark.detail, event);
    else hideTooltip();
  });
  rows.addEventListener("pointerleave", () => {
    hideTooltip();
    emit(point({ pos: null }), "live");
  });

  function valueIn(name: string, pos: number): Value {
    const { window } = model;
    return window ? valueAt(window.context, dimOf(name), 0, pos - window.from) : undefined;
  }

  function newRow(name: string): HTMLElement {
    const label = moreOf(encodings.get(dimOf(name)))
      ? button(name, () => emit(openTrack(name)), { class: "quiet name" })
      : element("span", { class: "name", title: name }, name);
    const remove = button("×", () => emit(setTracks(model.tracks.filter((other) => other !== name))), {
      class: "quiet",
      "aria-label": `Remove ${name}`,
      title: "Hide this track",
    });
    const legend = element("span", { class: "legend" });
    return element(
      "div",
      { class: "strip track", "data-name": name },
      element("div", { class: "gutter row-label" }, label, legend, remove),
      element("div", { class: "lane tokens" }),
    );
  }

  function drawRow(row: HTMLElement, name: string): void {
    const { layout, state } = model;
    const encoding = encodings.get(dimOf(name)) as Encoding;
    const { kind } = encoding;
    const positions = visiblePositions(model);
    const open = state.opened.includes(name);
    const values = positions.map((pos) => valueIn(name, pos));
    const ranks = open && kind === "ranked" ? ranksOf(values) : 1;
    const written = (value: Value) => fitted(encoding.mark(value)?.text ?? " ", layout.columnWidth) !== "";
    const bars = kind === "scalar" && (open || !values.every(written));
    row.classList.toggle("bars", bars);
    row.style.setProperty("--lines", String(bars && open ? BAR_LINES : ranks));
    drawName(row.querySelector(".name") as HTMLElement, name, encoding, open);

    const met = new Map<string, Mark>();
    select(row.querySelector(".lane"))
      .selectAll<HTMLSpanElement, Item>("span")
      .data(
        Array.from({ length: ranks }, (_, rank) => positions.map((pos) => ({ pos, rank }))).flat(),
        ({ pos, rank }) => `${pos} ${rank}`,
      )
      .join((enter) =>
        enter
          .append("span")
          .attr("class", "token value")
          .attr("data-pos", ({ pos }) => pos)
          .style("--rank", ({ rank }) => rank),
      )
      .style("left", ({ pos }) => `${(pos - state.pos) * layout.columnWidth}px`)
      .classed("hover", ({ pos }) => pos === state.hover.pos)
      .each(function ({ pos, rank }) {
        const value = valueIn(name, pos);
        const whole = encoding.mark(rank === 0 ? value : ranked(value, rank));
        if (whole) met.set(whole.text, whole);
        const mark = whole && veiled(whole, pos);
        const text = mark && !bars ? fitted(mark.text, layout.columnWidth) : "";
        if (this.textContent !== text) this.textContent = text;
        this.style.backgroundColor = mark && !bars ? mark.colour : "";
        this.style.color = mark?.ink ?? "";
        drawLevel(this, encoding, bars ? value : undefined, mark?.colour || "var(--line)");
      });
    const legend = row.querySelector(".legend") as HTMLElement;
    drawLegend(legend, encoding, explained(encoding, met), LEGEND_WIDTH);
  }

  /** The mark as it is where the annotations are masked; while no cell is selected there is no mask. */
  function veiled(mark: Mark, pos: number): Mark {
    const { state, on, window, selected, theme } = model;
    if (!state.masked || !on || !window || selected.length === 0) return mark;
    return masked(mark, on[pos - window.states.from] / selected.length, theme);
  }

  return (next) => {
    model = next;
    const { state, layout, window, annotations, theme } = model;
    if (menuChanged(annotations, model.tracks)) {
      const others = Object.keys(annotations).filter((name) => !model.tracks.includes(name));
      menu.replaceChildren(
        element("option", { value: "" }, "+ track"),
        ...others.map((name) => element("option", { value: name }, name)),
      );
      menuStrip.hidden = others.length === 0;
    }
    const on = state.masked ? model.on : null;
    const { pos, hover, opened, masked: mask } = state;
    if (!changed(pos, hover.pos, opened, mask, on, layout, window, annotations, model.tracks, theme)) return;
    encodings = encode(model.tracks, annotations, 0, theme);
    select(rows)
      .selectAll<HTMLElement, string>(".track")
      .data(model.tracks, (name) => name)
      .join((enter) => enter.append(newRow))
      .order()
      .each(function (name) {
        drawRow(this, name);
      });
  };
};

/** What an opened track shows, in words; nothing where it cannot be opened. */
const moreOf = (encoding: Encoding | undefined): string | undefined =>
  ({ scalar: "as tall bars", ranked: "all ranks" })[encoding?.kind as string];

function drawName(target: HTMLElement, name: string, encoding: Encoding, open: boolean): void {
  const more = moreOf(encoding);
  if (!more) return;
  target.title = `${name}: show ${open ? "on one line" : more}`;
  target.setAttribute("aria-expanded", String(open));
}

/** The word of that rank alone. */
function ranked(value: Value, rank: number): Value {
  if (typeof value !== "object" || value === null) return undefined;
  return { words: value.words.slice(rank, rank + 1), weights: value.weights.slice(rank, rank + 1) };
}

const ranksOf = (values: readonly Value[]): number =>
  Math.min(
    MOST_RANKS,
    Math.max(1, max(values, (value) => (typeof value === "object" && value ? value.words.length : 1)) ?? 1),
  );
