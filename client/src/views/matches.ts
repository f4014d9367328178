/** The matches, one a row, each starting in the column in which the range starts. */
import { range } from "d3-array";
import { select } from "d3-selection";
import { toQuery } from "../address";
import { add, button, element, formatCount } from "../dom";
import { encodingsOf, masked, valueAt } from "../encoding";
import { GUTTER } from "../layout";
import type { MatchAnswer } from "../loader";
import { memo, watch } from "../memo";
import type { Model } from "../model";
import { CELL_COUNT, dimOf, follow, MAX_LIMIT, point, type Range, setLimit } from "../state";
import { visible } from "../tokens";
import { drawLevel, levelSaid } from "./level";
import type { View } from "./view";

/** One match, with where its context begins. */
export interface Row extends Range {
  readonly rank: number;
  /** How many of the selected cells fit. */
  readonly fit: number;
  /** How many other cells fit its whole range as well. */
  readonly others: number;
  /** The position of the first step in its context. */
  readonly origin: number;
}

export function rowsOf({ query, matches }: MatchAnswer): Row[] {
  return matches.rankingDetail.map(({ pos, factors }, rank) => ({
    rank,
    from: pos,
    to: pos + factors[2] - 1,
    fit: factors[6],
    others: factors[5] - query.cells.length,
    origin: Math.max(0, pos - query.left),
  }));
}

const COLUMNS: readonly (readonly [string, string])[] = [
  ["", "Rank"],
  ["cells", "How many of the selected cells are on over the whole range, and off around it as asked"],
  ["others", "How many cells that are not selected do the same; of equals, those with the fewest come first"],
  ["length", "How many positions the range has"],
  ["position", "Where the range starts: a link to the place, which keeps the selected cells and pins them"],
];

export const matches: View = (parent, emit) => {
  const root = add(parent, "div", { class: "match-rows" });
  const head = add(root, "div", { class: "strip match-head" });
  add(
    head,
    "div",
    { class: "gutter match-facts" },
    ...COLUMNS.map(([name, title]) => element("span", { title }, name)),
  );
  const rows = add(root, "div", { role: "list", "aria-label": "Matches" });
  const more = button("Show more", () => emit(setLimit(2 * model.state.limit)), { class: "more" });
  root.append(more);
  add(root, "div", { class: "hairline" });
  const answerChanged = watch();
  const layoutChanged = watch();
  const addressChanged = watch();
  const hoverChanged = watch();
  let address = "";
  const list = memo(rowsOf);
  const encode = memo(encodingsOf);
  let model: Model;

  const rowOf = (event: Event) => (event.target as Element).closest<HTMLElement>(".match");
  rows.addEventListener("pointerover", (event) =>
    emit(point({ rank: Number(rowOf(event)?.dataset.rank ?? -1) }), "live"),
  );
  rows.addEventListener("pointerleave", () => emit(point({ rank: null }), "live"));
  rows.addEventListener("click", (event) => {
    const row = rowOf(event);
    const onLink = (event.target as Element).closest("a");
    if (!row || !onLink || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const match = model.matches && list(model.matches)[Number(row.dataset.rank)];
    if (match && model.matches) emit(follow(match, model.layout.start, model.matches.query.cells), "jump");
  });

  function newRow(row: Row): HTMLElement {
    const facts = element(
      "div",
      { class: "gutter match-facts" },
      element("span", { class: "rank" }),
      element("span", { class: "score" }),
      element("span", { class: "others" }),
      element("span", { class: "length" }),
      element(
        "a",
        { class: "place", title: "Show this place, the selected cells pinned" },
        formatCount(row.from),
      ),
    );
    return element(
      "div",
      { class: "strip match", role: "listitem", "data-pos": row.from },
      facts,
      element("div", { class: "lane tokens" }),
    );
  }

  function drawFacts(target: HTMLElement, row: Row, selected: number): void {
    const [rank, score, others, length] = target.querySelectorAll<HTMLElement>(".match-facts > *");
    target.dataset.rank = String(row.rank);
    target.classList.toggle("full", row.fit === selected);
    rank.textContent = String(row.rank + 1);
    others.textContent = String(row.others);
    score.classList.toggle("long", selected > 99);
    score.textContent = `${row.fit}/${selected}`;
    length.textContent = String(row.to - row.from + 1);
  }

  /** Draws the words that came into view, or all of them `anew`. */
  function drawWords(target: HTMLElement, row: Row, answer: MatchAnswer, anew: boolean): void {
    const { layout } = model;
    const steps = answer.matches.positionDetail.cell_count?.[row.rank].length ?? 0;
    const first = Math.max(row.origin, row.from - layout.start);
    const end = Math.min(row.origin + steps, row.from - layout.start + layout.matchColumns);
    const paint = painter(row, answer);
    const tokens = select(target.querySelector(".lane"))
      .selectAll<HTMLSpanElement, number>("span")
      .data(range(first, end), (pos) => pos);
    tokens.exit().remove();
    if (anew) tokens.each(paint);
    tokens
      .enter()
      .append("span")
      .attr("class", "token")
      .attr("data-pos", (pos) => pos)
      .style("--at", (pos) => pos - row.from)
      .each(paint);
  }

  /** What writes and colours a token of `row`. */
  function painter(row: Row, { query, matches }: MatchAnswer): (this: HTMLElement, pos: number) => void {
    const { state, tracks, annotations, theme, standIn } = model;
    const context = matches.positionDetail;
    const tokens = context.words?.[row.rank]?.words ?? [];
    const counts = context.cell_count?.[row.rank] ?? [];
    const starts = new Set(context.sequences?.[row.rank]);
    const shaded = state.projected === CELL_COUNT;
    const encoding = shaded
      ? undefined
      : encode(tracks, annotations, query.cells.length, theme).get(state.projected);
    return function (pos) {
      const step = pos - row.origin;
      const text = step in tokens ? visible(tokens[step]) : "";
      const share = counts[step] / query.cells.length;
      const whole = encoding?.mark(valueAt(context, state.projected, row.rank, step));
      const mark = whole && state.masked ? masked(whole, share, theme) : whole;
      if (this.textContent !== text) this.textContent = text;
      const value = standIn ? valueAt(context, dimOf(standIn.name), row.rank, step) : null;
      if (standIn) drawLevel(this, standIn, value);
      const said = standIn ? levelSaid(standIn, value) : text;
      this.title = mark ? `${said} · ${mark.detail}` : said;
      this.style.setProperty("--on", String(shaded ? share : 0));
      this.style.backgroundColor = mark?.colour ?? "";
      this.style.color = mark?.ink ?? "";
      this.classList.toggle("in", pos >= row.from && pos <= row.to);
      this.classList.toggle("last", pos === row.to);
      this.classList.toggle("start", pos > 0 && starts.has(pos));
    };
  }

  return (next) => {
    model = next;
    const { state, layout, matches: answer, theme, tracks, annotations } = model;
    const stale = model.stale("matches") || model.error("matches") !== null;
    root.dataset.stale = String(stale);
    const anew = answerChanged(answer, state.projected, state.masked, tracks, annotations, theme);
    const moved = layoutChanged(layout);
    // Links wait for the answer: while somebody drags, nobody follows one.
    if (!stale) address = toQuery(state);
    const linked = addressChanged(address);

    const all = answer ? list(answer) : [];
    if (anew || moved) {
      root.hidden = all.length === 0;
      more.hidden = all.length < state.limit || state.limit >= MAX_LIMIT;
      rows.classList.toggle("characters", model.characters);
      root.style.setProperty("--start", String(layout.start));
      root.style.width = `${GUTTER + layout.matchColumns * layout.columnWidth}px`;
    }
    if (!anew && !moved && !linked && !hoverChanged(state.hover.rank, state.range)) return;
    select(rows)
      .selectAll<HTMLElement, Row>(".match")
      .data(all, ({ from }) => from)
      .join((enter) => enter.append(newRow))
      .order()
      .classed("hover", ({ rank }) => rank === state.hover.rank)
      .attr("aria-current", ({ from, to }) =>
        state.range?.from === from && state.range.to === to ? "location" : null,
      )
      .each(function (row) {
        if (!answer) return;
        if (anew) drawFacts(this, row, answer.query.cells.length);
        if (anew || moved) drawWords(this, row, answer, anew);
        if (anew || moved || linked) {
          const there = follow(row, layout.start, answer.query.cells)(state);
          this.querySelector("a")?.setAttribute("href", toQuery(there));
        }
      });
  };
};
