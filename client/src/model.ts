/**
 * What the views draw: the state of the page, what has been loaded, and what follows from the two.
 *
 * What is derived is remembered, so that a view can tell by `===` what it has to draw again.
 */
import { scaleLinear } from "d3-scale";
import {
  type ApiError,
  annotationsOf,
  type Entry,
  hasWords,
  type Info,
  type Meta,
  type Source,
  sourceName,
  type Where,
} from "./api";
import { annotationEncoding, type Encoding } from "./encoding";
import { assignHues } from "./hues";
import { type Layout, layoutOf } from "./layout";
import type { Answers, Loader, MatchAnswer, Part, Window } from "./loader";
import { keepList, memo } from "./memo";
import { type Cut, countOn, cutFor, type Excluded, excluded, fitting } from "./selection";
import type { Constraints, Range, Sides, State } from "./state";
import type { Theme } from "./theme";
import { lowerCuts, type Thresholds, thresholdsOf } from "./thresholds";
import { areCharacters, columnWidthFor, narrowestFor } from "./tokens";

export interface Model {
  readonly state: State;
  readonly theme: Theme;
  readonly layout: Layout;
  readonly entries: readonly Entry[] | null;
  readonly info: Info | null;
  readonly source: Source | null;
  /** Whether there is no such project, or no such source in it. */
  readonly absent: boolean;
  readonly where: Where;
  /** Whether the tokens are single characters. */
  readonly characters: boolean;
  /** The fewest pixels of a column in which the tokens can still be read. */
  readonly narrowest: number;
  /** Positions and cells of the source. */
  readonly total: number;
  readonly cells: number;
  /** Whether its steps are words, as far as is known. */
  readonly hasWords: boolean;
  /** The scalar annotation that is drawn where words would be; null where there are words, or none such. */
  readonly standIn: Encoding | null;
  readonly annotations: Readonly<Record<string, Meta>>;
  /** The annotations shown. */
  readonly tracks: readonly string[];
  readonly window: Window | null;
  /** The activations that the plot has room for. */
  readonly domain: readonly [number, number];
  readonly thresholds: Thresholds;
  /** The range with its constraints, inside the corpus. */
  readonly reach: Range | null;
  /** Names what the selected cells follow from. */
  readonly selectionKey: string;
  /** Ascending; `C + c` is the negative side of cell c. */
  readonly selected: readonly number[];
  /** How many cells fit and were taken out by hand. */
  readonly takenOut: number;
  /** Whether that is what the state says, and not what it was while something is still awaited. */
  readonly settled: boolean;
  /** How many of them are on at each step of the window. */
  readonly on: Uint16Array | null;
  /** The hue of each selected cell; empty where they are too many to be told apart. */
  readonly hues: ReadonlyMap<number, number>;
  readonly excluded: Excluded | null;
  readonly matches: MatchAnswer | null;
  /** Whether these are matches of what was selected before. */
  readonly outdated: boolean;
  readonly found: Answers["found"];
  readonly stale: (part: Part) => boolean;
  readonly error: (part: Part) => ApiError | null;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const NO_ANNOTATIONS: Model["annotations"] = {};
const NO_CUTS: ReadonlyMap<number, number> = new Map();
const BOTH_UNITS = [-1, 1] as const;
const UNIT = [0, 1] as const;
/** Until the tokens are known. */
const SOME_WIDTH = 40;

/** A function that makes the model of a frame; it remembers the one before. */
export function createModels(): (state: State, theme: Theme, size: Size, loader: Loader) => Model {
  const locate = memo((project: string, source: string): Where => ({ project, source }));
  const layOut = memo(layoutOf);
  const grid = memo(thresholdsOf);
  const extend = memo((window: Window | null, where: Where) => {
    if (where !== grown.where) grown = { where, extent: [0, 0] };
    if (window) grown = { where, extent: extentOf(window.states.values, grown.extent) };
    return roundDomain(grown.extent);
  });
  const decide = memo((cut: number | undefined, sides: Sides) =>
    cut === undefined ? null : cutFor(cut, sides),
  );
  const fitRange = memo(
    (window: Window | null, cut: Cut | null, range: Range | null, constraints: Constraints) =>
      window && cut && range ? fitting(window.states, cut, range, constraints) : null,
  );
  const edit = memo(edited);
  const count = memo((window: Window | null, cut: Cut | null, selected: readonly number[]) =>
    window && cut ? countOn(window.states, cut, selected) : null,
  );
  const explain = memo(excluded);
  const lowered = memo(lowerCuts);
  const colour = memo((selected: readonly number[]) => assignHues(hues, selected));
  const encode = memo(annotationEncoding);

  let tracks: readonly string[] = [];
  let selected: readonly number[] = [];
  let takenOut = 0;
  let hues: ReadonlyMap<number, number> = new Map();
  /** All values of a source met so far: its axis grows as one goes through it and never shrinks. */
  let grown: { where: Where | null; extent: readonly [number, number] } = { where: null, extent: [0, 0] };
  /** How the tokens of a project are set, by those that were met first. */
  let natural = { project: "", characters: false, columnWidth: SOME_WIDTH };

  return (state, theme, size, loader) => {
    const answers = loader.answers();
    const { range, constraints, sides, threshold } = state;

    const info = answers.entries?.find((entry) => entry.project === state.project)?.info ?? null;
    const types = info?.states.types ?? [];
    const source = types.find((type) => state.source === "" || sourceName(type) === state.source) ?? null;
    const where = locate(state.project, source ? sourceName(source) : state.source);
    const [total, cells] = source?.size ?? [0, 0];
    const annotations = info ? annotationsOf(info) : NO_ANNOTATIONS;
    const worded = info === null || hasWords(info);
    const drawn = worded ? undefined : Object.keys(annotations).find((name) => isScalar(annotations[name]));
    const standIn = drawn === undefined ? null : encode(drawn, annotations[drawn], theme);
    tracks = keepList(tracks, chosenTracks(annotations, state.tracks, drawn));
    const window = answers.window?.where === where ? answers.window : null;

    if (window && natural.project !== state.project) {
      const tokens = window.context.words?.[0]?.words ?? [];
      natural = {
        project: state.project,
        characters: areCharacters(tokens),
        columnWidth: columnWidthFor(tokens),
      };
    }
    const narrowest = narrowestFor(natural.characters, natural.columnWidth);
    const columnWidth = Math.max(narrowest, state.columnWidth ?? natural.columnWidth);
    const offset = (range?.from ?? state.pos) - state.pos;
    const layout = layOut(size.width, size.height, columnWidth, 1 + tracks.length, offset);

    const domain =
      source?.transform === "tanh" ? (source.unsigned ? UNIT : BOTH_UNITS) : extend(window, where);
    const thresholds = grid(source?.transform, domain);
    // Without a transform every threshold is its own cut.
    const cuts = source?.transform === "tanh" ? (answers.cuts ?? NO_CUTS) : null;
    const cut = decide(cuts ? cuts.get(threshold) : threshold, sides);

    const selectionKey = JSON.stringify([where, range, threshold, constraints, sides]);
    const seen = range ? fitRange(window, cut, range, constraints) : [];
    const fitted =
      state.pinned ?? seen ?? (answers.selection?.key === selectionKey ? answers.selection.cells : null);
    const settled = fitted !== null && cut !== null;
    const sideCount = sides === "both" ? 2 * cells : cells;
    if (fitted && settled) {
      selected = keepList(selected, edit(fitted, state.added, state.dropped, sideCount));
      takenOut = state.dropped.filter((cell) => fitted.includes(cell)).length;
    }
    hues = colour(selected);

    const none = settled && !state.pinned && fitted.length === 0 && selected.length === 0;
    return {
      state,
      theme,
      layout,
      entries: answers.entries,
      info,
      source,
      absent: answers.entries !== null && !source,
      where,
      total,
      cells,
      characters: natural.characters,
      narrowest,
      hasWords: worded,
      standIn,
      annotations,
      tracks,
      window,
      domain,
      thresholds,
      reach: range && {
        from: Math.max(0, range.from - constraints[0]),
        to: Math.min(total - 1, range.to + constraints[1]),
      },
      selectionKey,
      selected,
      takenOut,
      settled,
      on: count(window, cut, selected),
      hues,
      excluded:
        none && window && range
          ? explain(window.states, cut, range, constraints, lowered(threshold, thresholds, cuts, sides))
          : null,
      matches: answers.matches,
      outdated: !settled || loader.pending("matches") || loader.error("matches") !== null,
      found: answers.found,
      stale: loader.pending,
      error: loader.error,
    };
  };
}

const isScalar = ({ vis }: Meta): boolean => vis?.type === "scalar";

/** Where nothing is chosen the first that is not `drawn` anyway. */
function chosenTracks(
  annotations: Model["annotations"],
  chosen: State["tracks"],
  drawn: string | undefined,
): readonly string[] {
  const names = Object.keys(annotations);
  return chosen?.filter((name) => names.includes(name)) ?? names.filter((name) => name !== drawn).slice(0, 1);
}

/** The cells that fit, with those put in and without those taken out by hand. */
function edited(
  fitted: readonly number[],
  added: readonly number[],
  dropped: readonly number[],
  sides: number,
) {
  const out = new Set(dropped);
  return [...new Set([...fitted, ...added])].filter((id) => id < sides && !out.has(id)).sort((a, b) => a - b);
}

function extentOf(values: Iterable<number>, [low, high]: readonly [number, number]): [number, number] {
  for (const value of values) {
    if (value < low && value !== Number.NEGATIVE_INFINITY) low = value;
    if (value > high && value !== Number.POSITIVE_INFINITY) high = value;
  }
  return [low, high];
}

const roundDomain = ([low, high]: readonly [number, number]): readonly [number, number] =>
  low === high ? BOTH_UNITS : (scaleLinear().domain([low, high]).nice().domain() as [number, number]);
