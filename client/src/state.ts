/**
 * The state of the exploring page: one immutable value, and every way in which it can change.
 *
 * A transition is a pure function that returns the very same object where nothing changed, so `===` tells whether
 * anything did. What has to be fetched, drawn and written into the address is derived from this value elsewhere.
 */

export interface Range {
  readonly from: number;
  /** Included. */
  readonly to: number;
}

export type Sides = "positive" | "both";
export type LengthRule = "any" | "same" | "atLeast";
/** Steps before and after the range in which a cell must be off; 0 leaves that end free. */
export type Constraints = readonly [before: number, after: number];

/** What is pointed at; it links the views and is no part of the address. */
export interface Hover {
  readonly pos: number | null;
  readonly cell: number | null;
  /** A match, by its place in the ranking from 0 on. */
  readonly rank: number | null;
  /** The position that a search led to. */
  readonly hit: number | null;
}

export interface State {
  readonly project: string;
  /** `file::path`; empty for the project's first. */
  readonly source: string;
  /** The position in the first column. */
  readonly pos: number;
  /** In pixels; null lets the tokens decide. */
  readonly columnWidth: number | null;
  readonly threshold: number;
  readonly range: Range | null;
  readonly constraints: Constraints;
  readonly sides: Sides;
  /** The selected cells where they were frozen; null while they follow the range. */
  readonly pinned: readonly number[] | null;
  /** Whether they were frozen only so that the matches stay while one looks at them: another range lets go of them. */
  readonly followed: boolean;
  /** Cells put in and taken out by hand, on top of those that follow the range. */
  readonly added: readonly number[];
  readonly dropped: readonly number[];
  /** Annotations shown, in their order; null for the project's first one. */
  readonly tracks: readonly string[] | null;
  /** Those of them that are shown taller, with more of their values. */
  readonly opened: readonly string[];
  /** Whether annotations have their colours only where selected cells are on. */
  readonly masked: boolean;
  readonly lengthRule: LengthRule;
  /** Only matches of these lengths, both included, are listed. */
  readonly lengths: readonly [number, number] | null;
  /** How many matches are listed. */
  readonly limit: number;
  /** What colours the words of the matches, by its name in `dims`; empty for nothing. */
  readonly projected: string;
  readonly query: Query;
  /** How many of the places found are listed. */
  readonly foundLimit: number;
  readonly hover: Hover;
}

/** What is searched for, and how. */
export interface Query {
  readonly text: string;
  /** Whether the text is a regular expression. */
  readonly regex: boolean;
  readonly matchCase: boolean;
}

export type Transition = (state: State) => State;

/** What the API calls, in `dims`, the number of selected cells that are on; an annotation is `meta_` and its name. */
export const CELL_COUNT = "cell_count";
export const dimOf = (annotation: string): string => `meta_${annotation}`;

export const MAX_LIMIT = 1000;
export const FOUND_LIMITS = [50, 10_000] as const;
export const COLUMN_WIDTHS = [7, 200] as const;
const NOWHERE: Hover = { pos: null, cell: null, rank: null, hit: null };

export const INITIAL: State = {
  project: "",
  source: "",
  pos: 0,
  columnWidth: null,
  threshold: 0.3,
  range: null,
  constraints: [1, 0],
  sides: "positive",
  pinned: null,
  followed: false,
  added: [],
  dropped: [],
  tracks: null,
  opened: [],
  masked: false,
  lengthRule: "any",
  lengths: null,
  limit: 50,
  projected: CELL_COUNT,
  query: { text: "", regex: false, matchCase: true },
  foundLimit: FOUND_LIMITS[0],
  hover: NOWHERE,
};

/** `state` with `change` in it, or `state` itself where that is nothing new. */
export function having(state: State, change: Partial<State>): State {
  const keys = Object.keys(change) as (keyof State)[];
  return keys.every((key) => same(state[key], change[key])) ? state : { ...state, ...change };
}

/** Equality by value of what a field can hold: primitives, flat lists and flat records. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => (a as Record<string, unknown>)[key] === (b as Record<string, unknown>)[key])
  );
}

/** Whether two states differ in more than where one looks, which is what undo steps over. */
export const sameChoice = (a: State, b: State): boolean => backTo(b)(a) === a;

/** Chooses what `before` does; where one looks, and what is in no address, stays. */
export const backTo =
  (before: State): Transition =>
  (s) => {
    const { pos, columnWidth } = s;
    return having(s, { ...before, pos, columnWidth, ...passing(s) });
  };

/** What is in no address and survives every step back: what is pointed at, and the search. */
export const passing = ({ hover, query, foundLimit }: State): Partial<State> => ({
  hover,
  query,
  foundLimit,
});

// --- where one looks

export const moveTo =
  (pos: number): Transition =>
  (s) =>
    having(s, { pos: Math.max(0, Math.round(pos)) });

/** Columns left of a place that was found. */
const LEAD = 5;

/** Goes to what a search found, and marks it. */
export const visit =
  (hit: number): Transition =>
  (s) =>
    point({ hit })(moveTo(hit - LEAD)(s));

/**
 * Goes to the nearest of the places found, ascending, after or before the one visited last; beyond the last to the
 * first, and the other way, unless there are more than `hits`, which are listed then.
 */
export const visitNext =
  (hits: readonly number[], more: boolean, step: 1 | -1): Transition =>
  (s) => {
    const here = s.hover.hit ?? (step > 0 ? s.pos - 1 : s.pos);
    const near = step > 0 ? hits.find((hit) => hit > here) : hits.findLast((hit) => hit < here);
    if (near !== undefined) return visit(near)(s);
    if (more) return step > 0 ? findMore(hits.length)(s) : s;
    const around = hits.at(step > 0 ? 0 : -1);
    return around === undefined ? s : visit(around)(s);
  };

/** Brings the range into the middle of a window of `columns`, its start at least. */
export const showRange =
  (columns: number): Transition =>
  (s) =>
    s.range ? moveTo(s.range.from - Math.max(0, columns - lengthOf(s)) / 2)(s) : s;

export const panBy =
  (steps: number): Transition =>
  (s) =>
    moveTo(s.pos + steps)(s);

/** Moves as little as it takes to have `pos` in a window of `columns`. */
export const reveal =
  (pos: number, columns: number): Transition =>
  (s) =>
    moveTo(Math.min(pos, Math.max(s.pos, pos - columns + 1)))(s);

/** Sets the width of a column, `least` or more, so that the position `under` the pointer stays where it is. */
export function zoom(
  width: number,
  under: number,
  offset: number,
  least: number = COLUMN_WIDTHS[0],
): Transition {
  return (s) => {
    const columnWidth = Math.round(Math.min(COLUMN_WIDTHS[1], Math.max(least, width)));
    return having(s, { columnWidth, pos: Math.max(0, under - Math.floor(offset / columnWidth)) });
  };
}

export const point =
  (hover: Partial<Hover>): Transition =>
  (s) => {
    const next = { ...s.hover, ...hover };
    return same(next, s.hover) ? s : { ...s, hover: next };
  };

export const look =
  (query: Partial<Query>): Transition =>
  (s) =>
    having(s, { query: { ...s.query, ...query }, foundLimit: FOUND_LIMITS[0] });

/** Lists twice as many of the places found as `listed` are. */
export const findMore =
  (listed: number): Transition =>
  (s) =>
    having(s, { foundLimit: Math.min(FOUND_LIMITS[1], 2 * listed) });

// --- the selection

/** How many positions the range has. */
export const lengthOf = ({ range }: State): number => (range ? range.to - range.from + 1 : 0);

/** What another range by hand changes besides: cells that were pinned by following a match are let go. */
const letGo = ({ followed }: State): Partial<State> => (followed ? { pinned: null, followed: false } : {});

/** A new range, drawn from one end to the other in either direction: what was put in by hand is let go. */
export const brush =
  (one: number, other: number): Transition =>
  (s) =>
    having(s, {
      ...letGo(s),
      range: { from: Math.max(0, Math.min(one, other)), to: Math.max(0, one, other) },
      added: [],
      dropped: [],
      lengths: null,
    });

/** Moves one end of the range; the ends never pass each other. */
export const moveEnd =
  (end: "from" | "to", pos: number): Transition =>
  (s) => {
    if (!s.range) return s;
    const { from, to } = s.range;
    const range =
      end === "from" ? { from: Math.max(0, Math.min(pos, to)), to } : { from, to: Math.max(pos, from) };
    return same(s.range, range) ? s : having(s, { ...letGo(s), range });
  };

/** Moves the end of the range that is at `at` to `pos`, past the other one as well; where none is there, begins a range. */
export const extend =
  (at: number, pos: number): Transition =>
  (s) => {
    const { from, to } = s.range ?? {};
    const other = at === to ? from : at === from ? to : undefined;
    if (other === undefined) return brush(at, pos)(s);
    return having(s, {
      ...letGo(s),
      range: { from: Math.max(0, Math.min(other, pos)), to: Math.max(other, pos) },
    });
  };

/** Moves the whole range, its length kept. */
export const slideRange =
  (from: number): Transition =>
  (s) =>
    s.range && s.range.from !== from
      ? having(s, { ...letGo(s), range: { from, to: from + s.range.to - s.range.from } })
      : s;

export const constrain =
  (end: 0 | 1, steps: number): Transition =>
  (s) => {
    const width = Math.max(0, Math.round(steps));
    return having(s, { constraints: end === 0 ? [width, s.constraints[1]] : [s.constraints[0], width] });
  };

export const setThreshold =
  (threshold: number): Transition =>
  (s) =>
    having(s, { threshold, ...(threshold > 0 ? {} : onlyPositive(s)) });

export const setSides =
  (sides: Sides): Transition =>
  (s) =>
    sides === "both" && s.threshold > 0 ? having(s, { sides }) : having(s, onlyPositive(s));

/** Cells of the negative side have no meaning without it: whatever was chosen by hand goes with it. */
const onlyPositive = (s: State): Partial<State> =>
  s.sides === "both" ? { sides: "positive", added: [], dropped: [], pinned: null, followed: false } : {};

/** Takes a cell out of the selection, or puts it in; `selected` is what is selected now. */
export const toggleCell =
  (cell: number, selected: readonly number[]): Transition =>
  (s) => {
    const taken = selected.includes(cell);
    if (s.pinned) {
      const pinned = taken ? s.pinned.filter((c) => c !== cell) : [...s.pinned, cell].sort((a, b) => a - b);
      return having(s, { pinned });
    }
    const without = (cells: readonly number[]) => cells.filter((c) => c !== cell);
    return taken
      ? having(s, { added: without(s.added), dropped: [...without(s.dropped), cell] })
      : having(s, { added: [...without(s.added), cell], dropped: without(s.dropped) });
  };

/** Puts in again what was taken out by hand. */
export const bringBack: Transition = (s) => having(s, { dropped: [] });

/** Freezes the selected cells, or lets them follow the range again where `cells` is null. */
export const pin =
  (cells: readonly number[] | null): Transition =>
  (s) =>
    having(s, { pinned: cells, followed: false, added: [], dropped: [] });

export const clear: Transition = (s) => having(pin(null)(s), { range: null, lengths: null, hover: NOWHERE });

/** Leaves everything that belongs to the cells of the source before. */
export const openSource =
  (source: string): Transition =>
  (s) =>
    having(s, {
      source,
      sides: "positive",
      pinned: null,
      followed: false,
      added: [],
      dropped: [],
      lengths: null,
      hover: NOWHERE,
    });

// --- the matches and the annotations

export const setLengthRule =
  (lengthRule: LengthRule): Transition =>
  (s) =>
    having(s, { lengthRule, lengths: null });

export const keepLengths =
  (lengths: State["lengths"]): Transition =>
  (s) =>
    having(s, { lengths: same(lengths, s.lengths) ? null : lengths });

/** Keeps the next or the one before of `lengths`, which ascend; all, beyond their ends. The last may have no end. */
export const stepLength =
  (lengths: readonly (readonly [number, number])[], step: 1 | -1): Transition =>
  (s) => {
    const at = lengths.findIndex(([low]) => low === s.lengths?.[0]);
    const from = at < 0 && step < 0 ? lengths.length : at;
    return having(s, { lengths: lengths[from + step] ?? null });
  };

export const setLimit =
  (limit: number): Transition =>
  (s) =>
    having(s, { limit: Math.min(MAX_LIMIT, Math.max(1, limit)) });

export const setTracks =
  (tracks: readonly string[]): Transition =>
  (s) =>
    having(s, { tracks });

/** Shows more of the values of a track, or no longer. */
export const openTrack =
  (name: string): Transition =>
  (s) =>
    having(s, {
      opened: s.opened.includes(name) ? s.opened.filter((other) => other !== name) : [...s.opened, name],
    });

export const toggleMask: Transition = (s) => having(s, { masked: !s.masked });

/** Colours the words of the matches by `dim`, or no longer. */
export const project =
  (dim: string): Transition =>
  (s) =>
    having(s, { projected: s.projected === dim ? "" : dim });

/**
 * Puts the range over another place and shows it in the column in which the present one starts. The cells stay: they
 * are pinned, so that the matches stay too, until another range is brushed if nobody pinned them before.
 */
export const follow =
  ({ from, to }: Range, column: number, cells: readonly number[]): Transition =>
  (s) =>
    having(pin(cells)(s), {
      followed: s.pinned === null || s.followed,
      range: { from, to },
      pos: Math.max(0, from - column),
    });

/** The annotations that are named, whether as a track or to colour the words. */
export const annotationsIn = ({ tracks, opened, projected }: State): string[] => {
  const coloured = projected.startsWith(dimOf("")) ? [projected.slice(dimOf("").length)] : [];
  return [...new Set([...(tracks ?? []), ...opened, ...coloured])];
};

/** Names only annotations of `names`; where none of the tracks is one, those with which a project begins. */
export const knowing =
  (names: readonly string[]): Transition =>
  (s) => {
    const unknown = annotationsIn(s).filter((name) => !names.includes(name));
    if (unknown.length === 0) return s;
    const known = (list: readonly string[]) => list.filter((name) => names.includes(name));
    const tracks = s.tracks && known(s.tracks);
    return having(s, {
      tracks: s.tracks?.length && !tracks?.length ? null : tracks,
      opened: known(s.opened),
      ...(unknown.some((name) => s.projected === dimOf(name)) && { projected: CELL_COUNT }),
    });
  };

/** Keeps the window of `columns`, what is brushed and what is off around it inside a corpus of `total` positions. */
export const within =
  (total: number, columns: number): Transition =>
  (s) => {
    const last = Math.max(0, total - 1);
    const range =
      s.range && s.range.from <= last ? { from: s.range.from, to: Math.min(s.range.to, last) } : null;
    const [before, after] = s.constraints;
    return having(s, {
      pos: Math.min(s.pos, Math.max(0, total - columns)),
      range,
      constraints: [Math.min(before, last), Math.min(after, last)],
    });
  };
