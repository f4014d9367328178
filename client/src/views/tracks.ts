/** The chosen annotations under the words, one row each, and a menu of the others. */
import { select } from "d3-selection";
import { add, button, element } from "../dom";
import { locate } from "../drag";
import { type Encoding, encodingsOf, valueAt } from "../encoding";
import { memo, watch } from "../memo";
import type { Model } from "../model";
import { dimOf, point, setTracks } from "../state";
import { fitted } from "../tokens";
import { positionAt, type View } from "./view";
import { visiblePositions } from "./words";

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
  let model: Model;

  menu.addEventListener("change", () => {
    if (menu.value) emit(setTracks([...model.tracks, menu.value]));
  });
  rows.addEventListener("pointermove", (event) => {
    const lane = (event.target as Element).closest<HTMLElement>(".lane");
    if (lane) emit(point({ pos: positionAt(model, locate(event, lane).x) }), "live");
  });
  rows.addEventListener("pointerleave", () => emit(point({ pos: null }), "live"));

  function newRow(name: string): HTMLElement {
    const remove = button("×", () => emit(setTracks(model.tracks.filter((other) => other !== name))), {
      class: "quiet",
      "aria-label": `Remove ${name}`,
    });
    const label = element("span", { class: "name", title: name }, name);
    const gutter = element("div", { class: "gutter row-label" }, label, remove);
    return element(
      "div",
      { class: "strip track", "data-name": name },
      gutter,
      element("div", { class: "lane tokens" }),
    );
  }

  function drawRow(row: HTMLElement, name: string, encoding: Encoding): void {
    const { window, layout, state } = model;
    select(row.querySelector(".lane"))
      .selectAll<HTMLSpanElement, number>("span")
      .data(visiblePositions(model), (pos) => pos)
      .join((enter) =>
        enter
          .append("span")
          .attr("class", "token value")
          .attr("data-pos", (pos) => pos),
      )
      .style("left", (pos) => `${(pos - state.pos) * layout.columnWidth}px`)
      .classed("hover", (pos) => pos === state.hover.pos)
      .each(function (pos) {
        const mark = window && encoding.mark(valueAt(window.context, dimOf(name), 0, pos - window.from));
        const text = mark ? fitted(mark.text, layout.columnWidth) : "";
        if (this.textContent !== text) this.textContent = text;
        this.title = mark?.detail ?? "";
        this.style.backgroundColor = mark?.colour ?? "";
        this.style.color = mark?.ink ?? "";
      });
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
    if (!changed(state.pos, state.hover.pos, layout, window, annotations, model.tracks, theme)) return;
    const encodings = encode(model.tracks, annotations, 0, theme);
    select(rows)
      .selectAll<HTMLElement, string>(".track")
      .data(model.tracks, (name) => name)
      .join((enter) => enter.append(newRow))
      .order()
      .each(function (name) {
        drawRow(this, name, encodings.get(dimOf(name)) as Encoding);
      });
  };
};
