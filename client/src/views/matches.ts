/** The matches, one a row, each starting in the column in which the range starts. */
import { rgb } from "d3-color";
import { interpolateRgb } from "d3-interpolate";
import { toQuery } from "../address";
import type { Matches } from "../api";
import { add, button, counted, element, formatCount, setAttribute } from "../dom";
import { type Encoding, encodingsOf, masked, type Value, valueAt } from "../encoding";
import { GUTTER, type Layout, ROW_HEIGHT } from "../layout";
import { type Lengths, numbersOf, written } from "../lengths";
import type { MatchAnswer } from "../loader";
import { memo, watch } from "../memo";
import type { Model } from "../model";
import { CELL_COUNT, dimOf, follow, keepLengths, MAX_LIMIT, point, type Range, setLimit } from "../state";
import type { Emit } from "../store";
import type { Theme } from "../theme";
import { visible } from "../tokens";
import { drawLevel, levelSaid } from "./level";
import type { Render } from "./view";

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
  [
    "position",
    "Where the range starts: a link to the place, which keeps the selected cells until another range is brushed",
  ],
];

/** Shades of the words by the cells that are on, and how much of the accent is in the last one. */
const SHADES = 49;
const MOST_SHADE = 0.42;
/** Rows drawn in one frame; the others follow in the next ones, so that no frame takes long. */
const ROWS_A_FRAME = 12;

/** A token of a row: touches the page only where something about it is other than before. */
type Token = (
  pos: number,
  text: string,
  name: string,
  colour: string,
  ink: string,
  /** What is drawn where there are no words, and its value. */
  standIn: Encoding | null,
  value: Value,
) => void;

/** A row of the page, for whatever match has its rank, and what was drawn in it last. */
interface Line {
  readonly root: HTMLElement;
  readonly score: HTMLElement;
  readonly others: HTMLElement;
  readonly length: HTMLElement;
  readonly place: HTMLElement;
  readonly lane: HTMLElement;
  readonly tokens: Token[];
  painting?: Painting;
  layout?: Layout;
  address?: string;
}

/** What all rows are drawn from besides the layout and the address. */
interface Painting {
  readonly answer: MatchAnswer;
  readonly projected: string;
  readonly masked: boolean;
  /** Of what is projected; none for nothing, and for the number of cells that are on. */
  readonly encoding: Encoding | undefined;
  readonly standIn: Encoding | null;
  readonly theme: Theme;
}

/** `again` asks for another frame, for what the present one leaves undrawn. */
export function matches(parent: HTMLElement, emit: Emit, again: () => void): Render {
  const root = add(parent, "div", { class: "match-rows" });
  const head = add(root, "div", { class: "strip match-head" });
  add(
    head,
    "div",
    { class: "gutter match-facts" },
    ...COLUMNS.map(([name, title]) => element("span", { title }, name)),
  );
  const filter = add(head, "div", { class: "filter" });
  const kept = add(filter, "span", { role: "status" });
  filter.append(button("×", () => emit(keepLengths(null)), { class: "quiet", "aria-label": "All lengths" }));
  const rows = add(root, "div", { role: "list", "aria-label": "Matches" });
  const more = button("Show more", () => emit(setLimit(2 * model.state.limit)), { class: "more" });
  root.append(more);
  const end = add(root, "p", { class: "end faint" });
  add(root, "div", { class: "hairline" });
  const lines: Line[] = [];
  const layoutChanged = watch();
  const patternChanged = watch();
  const filterChanged = watch();
  const list = memo(rowsOf);
  const encode = memo(encodingsOf);
  const paint = memo(paintingOf);
  const shade = memo(shadesOf);
  let address = "";
  let scrolled = 0;
  let model: Model;

  parent.addEventListener("scroll", () => {
    scrolled = parent.scrollTop;
  });
  const rowOf = (event: Event): Row | undefined => {
    const rank = (event.target as Element).closest<HTMLElement>(".match")?.dataset.rank;
    return rank && model.matches ? list(model.matches)[Number(rank)] : undefined;
  };
  rows.addEventListener("pointerover", (event) => {
    const row = rowOf(event);
    emit(point({ rank: row?.rank ?? -1 }), "live");
    const token = (event.target as Element).closest<HTMLElement>(".token");
    if (row && token) token.title = detailOf(row, Number(token.dataset.pos));
  });
  rows.addEventListener("pointerleave", () => emit(point({ rank: null }), "live"));
  rows.addEventListener("click", (event) => {
    const row = rowOf(event);
    const onLink = (event.target as Element).closest("a");
    if (!row || !onLink || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (model.matches) emit(follow(row, model.layout.start, model.matches.query.cells), "jump");
  });

  function drawFacts({ root, score, others, length, place }: Line, row: Row, selected: number): void {
    root.dataset.pos = String(row.from);
    root.classList.toggle("full", row.fit === selected);
    score.classList.toggle("long", selected > 99);
    write(score, `${row.fit}/${selected}`);
    write(others, String(row.others));
    write(length, String(row.to - row.from + 1));
    write(place, formatCount(row.from));
    const said = `rank ${row.rank + 1}, position ${formatCount(row.from)}, ${row.fit} of ${counted(selected, "cell")}`;
    root.setAttribute("aria-label", said);
  }

  function drawWords({ lane, tokens }: Line, row: Row, painting: Painting): void {
    const { layout } = model;
    const { answer, projected, masked: veiled, encoding, standIn, theme } = painting;
    const context = answer.matches.positionDetail;
    const counts = context.cell_count?.[row.rank] ?? [];
    const words = context.words?.[row.rank]?.words ?? [];
    const starts = new Set(context.sequences?.[row.rank]);
    const shades = projected === CELL_COUNT ? shade(theme) : undefined;
    const left = row.from - layout.start;
    const first = Math.max(row.origin, left);
    const end = Math.min(row.origin + counts.length, left + layout.matchColumns);
    lane.style.setProperty("--skipped", String(first - left));
    for (let pos = first; pos < end; pos++) {
      const step = pos - row.origin;
      const share = counts[step] / answer.query.cells.length;
      const inside = pos >= row.from && pos <= row.to;
      const whole = encoding?.mark(valueAt(context, projected, row.rank, step));
      const mark = whole && veiled ? masked(whole, share, theme) : whole;
      const shaded = shades?.[Math.ceil(share * (shades.length - 1))];
      let name = inside ? "token in" : "token";
      if (pos === row.to) name += " last";
      if (pos > 0 && starts.has(pos)) name += " start";
      tokens[pos - first] ??= newToken(lane);
      tokens[pos - first](
        pos,
        step in words ? visible(words[step]) : "",
        name,
        (mark ?? shaded)?.colour ?? "",
        mark?.ink ?? (inside ? "" : (shaded?.ink ?? "")),
        standIn,
        standIn ? valueAt(context, dimOf(standIn.name), row.rank, step) : undefined,
      );
    }
    for (let i = Math.max(0, end - first); i < tokens.length; i++) lane.lastChild?.remove();
    tokens.length = Math.max(0, end - first);
  }

  function detailOf({ rank, origin }: Row, pos: number): string {
    const painting = lines[rank].painting;
    if (!painting) return "";
    const { encoding, projected, standIn } = painting;
    const context = painting.answer.matches.positionDetail;
    const token = context.words?.[rank]?.words[pos - origin];
    const level = standIn && levelSaid(standIn, valueAt(context, dimOf(standIn.name), rank, pos - origin));
    const mark = encoding?.mark(valueAt(context, projected, rank, pos - origin));
    return [token === undefined ? level : visible(token), mark?.detail].filter(Boolean).join(" · ");
  }

  /** Draws what is not up to date in the row of a match; whether there was anything. */
  function drawRow(row: Row, painting: Painting): boolean {
    const { state, layout } = model;
    const line = lines[row.rank];
    const fresh = line.painting === painting;
    if (fresh && line.layout === layout && line.address === address) return false;
    if (!fresh) drawFacts(line, row, painting.answer.query.cells.length);
    if (!fresh || line.layout !== layout) drawWords(line, row, painting);
    line.place.setAttribute("href", toQuery(follow(row, layout.start, painting.answer.query.cells)(state)));
    Object.assign(line, { painting, layout, address });
    return true;
  }

  /** Says which lengths are listed, and how many matches have them; the totals above are of all lengths. */
  function drawFilter(): void {
    const { matches, state } = model;
    const shown = matches && state.lengths;
    filter.hidden = !shown;
    kept.textContent = shown ? `${written(shown)}: ${keptOf(matches.matches, shown)}` : "";
    kept.title = kept.textContent;
  }

  return (next) => {
    model = next;
    const { state, layout, matches: answer, theme, tracks, annotations, standIn } = model;
    if (filterChanged(answer, state.lengths)) drawFilter();
    root.dataset.stale = String(model.outdated);
    // Links wait for the answer: while somebody drags, nobody follows one.
    if (!model.outdated) address = toQuery(state);

    const all = answer ? list(answer) : [];
    root.hidden = all.length === 0;
    more.hidden = all.length < state.limit || state.limit >= MAX_LIMIT;
    if (answer) write(end, all.length < MAX_LIMIT ? "" : endOf(answer));
    if (layoutChanged(layout, model.characters)) {
      rows.classList.toggle("characters", model.characters);
      root.style.setProperty("--start", String(layout.start));
      root.style.width = `${GUTTER + layout.matchColumns * layout.columnWidth}px`;
    }
    while (lines.length > all.length) lines.pop()?.root.remove();
    while (lines.length < all.length) lines.push(newLine(rows, lines.length));
    for (const { rank, from, to } of all) {
      const { root } = lines[rank];
      root.classList.toggle("hover", rank === state.hover.rank);
      const here = state.range?.from === from && state.range.to === to;
      setAttribute(root, "aria-current", here ? "location" : null);
    }
    if (!answer) return;
    const encoding = encode(tracks, annotations, answer.query.cells.length, theme);
    const painting = paint(answer, state.projected, state.masked, encoding, standIn, theme);
    if (patternChanged(patternOf(answer))) parent.scrollTop = scrolled = 0;
    // What is seen comes first.
    const top = Math.min(all.length, Math.floor(scrolled / ROW_HEIGHT));
    let drawn = 0;
    for (const row of [...all.slice(top), ...all.slice(0, top)]) {
      if (drawn === ROWS_A_FRAME) return again();
      if (drawRow(row, painting)) drawn++;
    }
  };
}

/** What the end of the longest list says; nothing where it has all matches. */
export function endOf({ matches, query }: MatchAnswer): string {
  const listed = matches.rankingDetail.length;
  const { all, any } = numbersOf(matches, query.match_length ?? null);
  if (any <= listed) return "";
  const whole = all === any ? "" : `, ${formatCount(all)} of them with all cells`;
  return `The first ${formatCount(listed)} of ${formatCount(any)} matches${whole}; no more can be listed.`;
}

function keptOf(matches: Matches, lengths: Lengths): string {
  const { all, any } = numbersOf(matches, lengths);
  if (matches.counts.length === 2) return counted(all, "match", "matches");
  return `${formatCount(all)} with all, ${formatCount(any)} with any`;
}

/** Names what was matched: all of a query but how many matches are listed and what is said of each. */
function patternOf({ query }: MatchAnswer): string {
  const { limit, left, right, dims, ...pattern } = query;
  return JSON.stringify(pattern);
}

const paintingOf = (
  answer: MatchAnswer,
  projected: string,
  masked: boolean,
  encodings: ReadonlyMap<string, Encoding>,
  standIn: Encoding | null,
  theme: Theme,
): Painting => ({
  answer,
  projected,
  masked,
  encoding: projected === CELL_COUNT ? undefined : encodings.get(projected),
  standIn,
  theme,
});

function newLine(parent: HTMLElement, rank: number): Line {
  const root = add(parent, "div", { class: "strip match", role: "listitem", "data-rank": rank });
  const facts = add(root, "div", { class: "gutter match-facts" });
  add(facts, "span", { class: rank < 999 ? "rank" : "rank long" }, String(rank + 1));
  return {
    root,
    score: add(facts, "span", { class: "score" }),
    others: add(facts, "span", { class: "others" }),
    length: add(facts, "span", { class: "length" }),
    place: add(facts, "a", { class: "place", title: "Show this place with the same cells" }),
    lane: add(root, "div", { class: "lane tokens" }),
    tokens: [],
  };
}

function newToken(lane: HTMLElement): Token {
  const root = add(lane, "span");
  const content = root.appendChild(document.createTextNode(""));
  let drawn: Parameters<Token> = [-1, "", "", "", "", null, undefined];
  return (...next) => {
    const changed = next.map((part, i) => part !== drawn[i]);
    const [pos, text, name, colour, ink, standIn, value] = next;
    if (changed[0]) root.dataset.pos = String(pos);
    if (changed[1]) content.data = text;
    if (changed[2]) root.className = name;
    if (changed[3]) root.style.backgroundColor = colour;
    if (changed[4]) root.style.color = ink;
    // A new class list has lost that of the bar.
    if (changed[5] || changed[6] || (changed[2] && standIn)) {
      if (standIn) drawLevel(root, standIn, value);
      else root.classList.remove("level");
    }
    drawn = next;
  };
}

function write(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * The shades of a token, from those where no selected cell is on to those where all are, and the ink outside the range:
 * fainter than inside, but never too faint for the shade behind it.
 */
function shadesOf({ accent, ink, quiet }: Theme): { colour: string; ink: string }[] {
  const mix = interpolateRgb(quiet, ink);
  return Array.from({ length: SHADES }, (_, i) => {
    const share = i / (SHADES - 1);
    const colour = rgb(accent).copy({ opacity: MOST_SHADE * share });
    return { colour: share > 0 ? String(colour) : "", ink: share > 0 ? mix(share) : "" };
  });
}
