/**
 * The tokens, each in its column, shaded by how many of the selected cells are on; dragging over them brushes a range.
 * Where there are no tokens there is a bar for each step, of the first scalar annotation.
 */
import { select } from "d3-selection";
import { add, button, setAttribute } from "../dom";
import { locate } from "../drag";
import { valueAt } from "../encoding";
import { watch } from "../memo";
import type { Model } from "../model";
import { brush, dimOf, extend, moveEnd, point, type Range, reveal, type State, zoom } from "../state";
import { visible } from "../tokens";
import { onColumnDrag } from "./columns";
import { drawLevel, levelSaid } from "./level";
import { positionAt, tint, type View } from "./view";

const ZOOM = 1.25;
/** What there is to drag over where nothing is said of a step. */
const TICK = "·";
const idOf = (pos: number): string => `word-${pos}`;

export const words: View = (parent, emit) => {
  const root = add(parent, "section", { "data-view": "words", class: "strip" });
  const gutter = add(root, "div", { class: "gutter row-label" });
  const name = add(gutter, "span", { class: "kind" });
  const zoomBy = (factor: number) => {
    const { state, layout } = model;
    emit(zoom(layout.columnWidth * factor, state.pos, 0, model.narrowest));
  };
  gutter.append(
    button("−", () => zoomBy(1 / ZOOM), { class: "quiet", "aria-label": "Narrower columns" }),
    button("+", () => zoomBy(ZOOM), { class: "quiet", "aria-label": "Wider columns" }),
  );
  const lane = add(root, "div", {
    class: "lane tokens",
    tabindex: 0,
    role: "listbox",
    "aria-orientation": "horizontal",
    "aria-multiselectable": "true",
  });
  const range = add(lane, "div", { class: "range-frame" });
  const changed = watch();
  const kindChanged = watch();
  let model: Model;
  const now = () => model;

  onColumnDrag(lane, lane, now, emit, (start, event) => {
    const fixed = model.state.range;
    const from = positionAt(model, start.x);
    if (event.shiftKey && fixed) {
      const end = from < fixed.from ? "from" : "to";
      emit(moveEnd(end, from), "live");
      return (at, phase) => emit(moveEnd(end, positionAt(model, at.x)), phase);
    }
    emit(brush(from, from), "live");
    return (at, phase) => emit(brush(from, positionAt(model, at.x)), phase);
  });
  lane.addEventListener("pointermove", (event) => {
    emit(point({ pos: positionAt(model, locate(event, lane).x) }), "live");
  });
  lane.addEventListener("pointerleave", () => emit(point({ pos: null }), "live"));

  /** Where the keys are at: the word that is pointed at, else the range or the first word, whichever is in view. */
  function cursor({ pos: first, hover, range }: State): number {
    const inView = (pos: number) => pos >= first && pos < first + model.layout.columns;
    return [hover.pos, range?.from].find((pos) => pos != null && inView(pos)) ?? first;
  }

  lane.addEventListener("focus", () => {
    if (lane.matches(":focus-visible")) emit((s) => point({ pos: cursor(s) })(s), "live");
  });
  // Whoever brushes with the mouse goes on with the keys of the page.
  lane.addEventListener("mousedown", (event) => {
    event.preventDefault();
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  lane.addEventListener("blur", () => emit(point({ pos: null }), "live"));
  lane.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { columns } = model.layout;
    // From the state as it will be, since keys may come faster than frames.
    const targets: Record<string, (s: State) => number> = {
      ArrowLeft: (s) => cursor(s) - 1,
      ArrowRight: (s) => cursor(s) + 1,
      PageUp: (s) => cursor(s) - columns,
      PageDown: (s) => cursor(s) + columns,
      Home: (s) => s.pos,
      End: (s) => s.pos + columns - 1,
    };
    if (event.key in targets) {
      emit((s) => {
        const to = Math.min(model.total - 1, Math.max(0, targets[event.key](s)));
        const moved = event.shiftKey ? extend(cursor(s), to)(s) : s;
        return point({ pos: to })(reveal(to, columns)(moved));
      });
    } else if (event.key === "Enter" || event.key === " ") {
      emit((s) => point({ pos: cursor(s) })(brush(cursor(s), cursor(s))(s)));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return (next) => {
    model = next;
    const { state, layout, window, on, selected, hasWords, standIn } = model;
    tint(range, model);
    if (kindChanged(hasWords, standIn)) {
      const what = hasWords ? "Words" : "Steps";
      name.textContent = standIn?.name ?? what.toLowerCase();
      name.title = standIn ? `${standIn.name} at each step` : "";
      setAttribute(root, "aria-label", what);
      setAttribute(
        lane,
        "aria-label",
        `${what}: arrow keys move, Enter selects, Shift with an arrow key extends the range`,
      );
      lane.classList.toggle("wordless", !hasWords);
    }
    if (
      !changed(
        state.pos,
        state.hover.pos,
        state.hover.hit,
        model.found,
        state.range,
        layout,
        window,
        on,
        selected,
        model.stale("window"),
      )
    )
      return;
    const tokens = window?.context.words?.[0];
    const all = tokens?.words ?? [];
    lane.classList.toggle("characters", model.characters);
    lane.dataset.stale = String(model.stale("window"));
    const { hit } = state.hover;
    const hits = model.found?.res.find(({ index }) => index === hit)?.length ?? 1;
    const starts = new Set(window?.states.starts);
    const positions = visiblePositions(model);
    select(lane)
      .selectAll<HTMLSpanElement, number>("span")
      .data(positions, (pos) => pos)
      .join((enter) =>
        enter
          .append("span")
          .attr("class", "token")
          .attr("role", "option")
          .attr("id", idOf)
          .attr("data-pos", (pos) => pos),
      )
      .attr("aria-selected", (pos) => isIn(state.range, pos))
      .style("left", (pos) => `${(pos - state.pos) * layout.columnWidth}px`)
      .style("--on", (pos) =>
        on && window && selected.length ? on[pos - window.states.from] / selected.length : 0,
      )
      .classed("start", (pos) => starts.has(pos) && pos > 0)
      .classed("hover", (pos) => pos === state.hover.pos)
      .classed("hit", (pos) => hit !== null && pos >= hit && pos < hit + hits)
      .each(function (pos) {
        const token = window ? all[pos - window.from] : undefined;
        const value =
          window && standIn ? valueAt(window.context, dimOf(standIn.name), 0, pos - window.from) : null;
        const text = token === undefined ? (hasWords || standIn ? "" : TICK) : visible(token);
        if (this.textContent !== text) this.textContent = text;
        const said = token === undefined ? standIn && levelSaid(standIn, value) : text;
        this.title = said ? `${said} · ${pos}` : `${pos}`;
        if (standIn) drawLevel(this, standIn, value);
      });
    const active = positions.find((pos) => pos === state.hover.pos);
    setAttribute(lane, "aria-activedescendant", active === undefined ? null : idOf(active));
  };
};

const isIn = (range: Range | null, pos: number): boolean =>
  range !== null && pos >= range.from && pos <= range.to;

/** The positions in view of which something is loaded. */
export function visiblePositions({ state, layout, window }: Model): number[] {
  if (!window) return [];
  const from = Math.max(state.pos, window.from);
  const to = Math.min(state.pos + layout.columns - 1, window.from + window.states.steps - 1);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}
