/**
 * What the page needs from the server, derived from the model in one place.
 *
 * `want` looks at a model and asks for whatever is missing for it; nothing else on the page starts a request.
 */
import {
  type ApiError,
  type Context,
  type Entry,
  type Findings,
  fetchContext,
  fetchCuts,
  fetchFound,
  fetchInfo,
  fetchMatches,
  fetchSelection,
  fetchStates,
  type Matches,
  type MatchQuery,
  type Where,
} from "./api";
import type { Model } from "./model";
import type { States } from "./selection";
import { Slot } from "./slot";
import { CELL_COUNT, dimOf, lengthOf, type Range } from "./state";

/** A stretch of the corpus with everything that is shown of it. */
export interface Window extends Range {
  readonly where: Where;
  readonly states: States;
  /** What is said of each step, as one window of a context. */
  readonly context: Context;
}

export interface MatchAnswer {
  readonly query: MatchQuery;
  readonly matches: Matches;
}

/** What has been loaded, as it stands; each value is immutable. */
export interface Answers {
  readonly entries: readonly Entry[] | null;
  readonly window: Window | null;
  /** The cut of each threshold asked for, by threshold. */
  readonly cuts: ReadonlyMap<number, number> | null;
  /** The cells that the server selected, and what for. */
  readonly selection: { readonly key: string; readonly cells: readonly number[] } | null;
  readonly matches: MatchAnswer | null;
  readonly found: Findings | null;
}

export type Part = keyof Answers;

/** How long the hand has to rest before matches are asked for, and before a search is; milliseconds. */
const MATCH_PAUSE = 40;
const SEARCH_PAUSE = 150;
/** Thresholds asked for beforehand where they need a cut: two decimals between -1 and 1. */
const GRID = Array.from({ length: 199 }, (_, i) => (i - 99) / 100);
/** As much as a window may hold that is widened beyond what is seen: numbers, and steps. */
const MOST_VALUES = 500_000;
const MOST_STEPS = 2000;
/** Fewest and most screens loaded on either side of what is seen. */
const MARGINS = [0.25, 2] as const;

export interface Loader {
  readonly answers: () => Answers;
  readonly want: (model: Model) => void;
  readonly pending: (part?: Part) => boolean;
  readonly error: (part: Part) => ApiError | null;
  readonly retry: () => void;
}

export function createLoader(changed: () => void): Loader {
  const slots = {
    entries: new Slot<readonly Entry[]>(changed),
    window: new Slot<Window>(changed),
    cuts: new Slot<ReadonlyMap<number, number>>(changed),
    selection: new Slot<{ key: string; cells: readonly number[] }>(changed),
    matches: new Slot<MatchAnswer>(changed),
    found: new Slot<Findings>(changed),
  };
  /** What the window slot was last asked for, and of which source. */
  let span: Range | null = null;
  let spanOf: Where | null = null;

  function want(model: Model): void {
    slots.entries.want("all", fetchInfo);
    if (!model.source || model.total === 0) return;
    wantWindow(model);
    wantCuts(model);
    wantSelection(model);
    wantMatches(model);
    const { state, info } = model;
    const { text, regex, matchCase } = state.query;
    const query = {
      project: state.project,
      q: text,
      kind: regex ? "regex" : "phrase",
      case: matchCase,
      limit: state.foundLimit,
    } as const;
    slots.found.want(
      info?.is_searchable && text !== "" ? JSON.stringify(query) : null,
      (signal) => fetchFound(query, signal),
      SEARCH_PAUSE,
    );
  }

  function wantWindow(model: Model): void {
    const { where, total, cells } = model;
    const loaded = slots.window.value;
    span = nextSpan(model, where === spanOf ? span : null, slots.window.pending);
    spanOf = where;
    const { from, to } = span;
    const dims = dimsOf(model);
    slots.window.want(JSON.stringify([where, span, dims]), async (signal) => {
      const keep = loaded?.where === where && loaded.from === from && loaded.to === to;
      const [array, context] = await Promise.all([
        keep ? null : fetchStates({ ...where, from, to }, signal),
        fetchContext({ ...where, pos: from, left: 0, right: to - from, dims }, signal),
      ]);
      const starts = context.sequences?.[0] ?? [];
      const states = array
        ? { from: array.from, steps: array.shape[0], cells, values: array.values, starts, total }
        : (loaded as Window).states;
      return { where, from, to, states, context };
    });
  }

  function wantCuts({ where, source, state }: Model): void {
    if (source?.transform !== "tanh") return;
    const typed = GRID.includes(state.threshold) ? [] : [state.threshold];
    const activation = [...GRID, ...typed];
    slots.cuts.want(JSON.stringify([where, typed]), async (signal) => {
      const cuts = await fetchCuts({ ...where, activation }, signal);
      return new Map(activation.map((threshold, i) => [threshold, cuts[i]]));
    });
  }

  /** The server selects where the range reaches beyond what a window can hold. */
  function wantSelection({ where, state, reach, selectionKey }: Model): void {
    const { range, threshold: activation, constraints, sides, pinned } = state;
    const beyond = range && reach && span && !(span.from <= reach.from && reach.to <= span.to) && !pinned;
    slots.selection.want(beyond ? selectionKey : null, async (signal) => {
      const query = { ...where, ...(range as Range), activation, constraints, sides };
      return { key: selectionKey, cells: await fetchSelection(query, signal) };
    });
  }

  function wantMatches(model: Model): void {
    const { where, state, layout, selected, settled } = model;
    if (!settled) return;
    const { threshold: activation, constraints, sides, limit, lengths, lengthRule } = state;
    const length = Math.max(1, lengthOf(state));
    const query: MatchQuery = {
      ...where,
      cells: selected,
      activation,
      constraints,
      sides,
      limit,
      // In steps of 16, so that scrolling or zooming by little needs no other answer.
      left: 16 * Math.ceil(Math.max(layout.start, layout.mapBefore) / 16),
      right: 16 * Math.ceil(Math.max(layout.matchColumns - layout.start, layout.mapColumns) / 16),
      dims: [CELL_COUNT, ...dimsOf(model)],
      ...(lengths && { match_length: lengths }),
      ...(lengthRule === "same" && { phrase_length: length }),
      ...(lengthRule === "atLeast" && { min_length: length }),
    };
    slots.matches.want(
      selected.length ? JSON.stringify(query) : null,
      async (signal) => ({ query, matches: await fetchMatches(query, signal) }),
      MATCH_PAUSE,
    );
  }

  return {
    want,
    answers: () => ({
      entries: slots.entries.value,
      window: slots.window.value,
      cuts: slots.cuts.value,
      selection: slots.selection.value,
      matches: slots.matches.value,
      found: slots.found.value,
    }),
    pending: (part) => (part ? slots[part].pending : Object.values(slots).some((slot) => slot.pending)),
    error: (part) => slots[part].error,
    retry: () => {
      for (const slot of Object.values(slots)) slot.retry();
    },
  };
}

/** What is said of each step: its word or what stands in for it, whether a sequence starts there, and annotations. */
function dimsOf({ hasWords, standIn, tracks }: Model): string[] {
  const names = new Set([...tracks, ...(standIn ? [standIn.name] : [])]);
  return ["sequences", ...(hasWords ? ["words"] : []), ...[...names].map(dimOf)];
}

/**
 * The span to have loaded: what is seen with a margin of two screens, or less of very many cells, and as far as the range
 * and its constraints reach where that is not too much. `asked` is kept as long as half the margin is left, or, while
 * it is under way, as long as it has what is seen.
 */
function nextSpan(
  { state, layout, total, cells, reach }: Model,
  asked: Range | null,
  pending: boolean,
): Range {
  const { columns } = layout;
  const screens = (MOST_VALUES / (columns * cells) - 1) / 2;
  const margin = Math.ceil(columns * Math.min(MARGINS[1], Math.max(MARGINS[0], screens)));
  const clip = (from: number, to: number): Range => ({
    from: Math.max(0, from),
    to: Math.min(total - 1, to),
  });
  const around = (margin: number) => clip(state.pos - margin, state.pos + columns - 1 + margin);
  const covers = (whole: Range, part: Range) => whole.from <= part.from && part.to <= whole.to;

  const wide = around(margin);
  const hull = reach && clip(Math.min(wide.from, reach.from), Math.max(wide.to, reach.to));
  const steps = hull ? hull.to - hull.from + 1 : 0;
  const fits = hull && steps <= MOST_STEPS && steps * cells <= MOST_VALUES;
  const enough = asked && covers(asked, around(pending ? 0 : Math.ceil(margin / 2)));
  if (enough && (!fits || covers(asked, reach))) return asked;
  return fits ? hull : wide;
}
