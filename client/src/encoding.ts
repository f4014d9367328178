/**
 * How the values of an annotation, or the number of cells that are on, are written and coloured: the same way in the
 * tracks, in the heat maps and on the words of the matches.
 */
import { lab, rgb } from "d3-color";
import { interpolateLab, quantize } from "d3-interpolate";
import { scaleLinear } from "d3-scale";
import type { Context, Label, Meta, RankedWords } from "./api";
import { CELL_COUNT, dimOf } from "./state";
import type { Theme } from "./theme";
import { visible } from "./tokens";

/** Words with their weights, the best first. */
export interface Ranked {
  readonly words: readonly string[];
  readonly weights: readonly (number | null)[];
}

export type Value = Label | Ranked | undefined;

/** One value as it appears. */
export interface Mark {
  readonly text: string;
  /** All of the value, where `text` is only a part of it. */
  readonly detail: string;
  readonly colour: string;
  /** A colour for writing on `colour`. */
  readonly ink: string;
}

export interface Encoding {
  readonly name: string;
  readonly kind: "count" | "scalar" | "label" | "ranked";
  /** Null where there is no value. */
  readonly mark: (value: Value) => Mark | null;
  /** Whether neighbouring colours mean neighbouring values, so that the ends are enough of a legend. */
  readonly ramp: boolean;
  /** Values to be explained; those that occur where there is no such list. */
  readonly legend: readonly Value[] | null;
  /** Where among its kind a value with this text comes in a legend; in the order of the texts where nothing is said. */
  readonly placeOf?: (text: string) => number | undefined;
  /** Where a value lies between the least and the most, 0 to 1; zero lies at `shareOf(0)`. */
  readonly shareOf: (value: number) => number;
}

/**
 * Twelve hues found by a search that made the least CIEDE2000 difference between any two as large as it could be for
 * normal sight and under simulated protanopia, deuteranopia and tritanopia at once; the most different ones come first.
 */
// biome-ignore format: one line for each half of a scheme
const CATEGORIES = {
  light: [
    "#5db3f5", "#918635", "#ebe8b1", "#d9a6bb", "#b56a83", "#717dcb",
    "#a8b25e", "#a7c1a0", "#fbceff", "#90ffe4", "#899973", "#9a8cae",
  ],
  dark: [
    "#95a1df", "#4d4100", "#bfa165", "#845267", "#6d2238", "#5e5fa6",
    "#8d7d32", "#5c879e", "#c66d79", "#2ab9a7", "#676544", "#1f3f6e",
  ],
};
const ORDERED = {
  light: ["#eef5d5", "#8fd0b4", "#3a93ab", "#3b4a93"],
  dark: ["#27304f", "#2c6f92", "#5fb89a", "#edf3b4"],
};
const DIVERGING = { light: ["#b35806", "#f3efe8", "#4a3b8f"], dark: ["#f2a24e", "#2b2e36", "#a99cf0"] };
/** Labels that say no and yes: of a pair of them only the latter has a colour. */
const NO = ["false", "no", "off", "wrong", "incorrect"];
const YES = ["true", "yes", "on", "right", "correct"];
const SHADES = 64;
/** Of whole numbers. */
const MOST_SHADES = 12;
/** Of the luminance (WCAG 2) above which black has the greater contrast; either has at least 4.5 then. */
const MIDDLE = Math.sqrt(1.05 * 0.05) - 0.05;

export function valueAt(context: Context, dim: string, row: number, step: number): Value {
  if (dim === CELL_COUNT) return context.cell_count?.[row]?.[step];
  const column = context[dim as `meta_${string}`];
  if (!column) return undefined;
  if (Array.isArray(column)) return (column as readonly (readonly Label[])[])[row]?.[step];
  const { words, weights } = column as RankedWords;
  const value = words[row]?.[step] && { words: words[row][step], weights: weights[row]?.[step] ?? [] };
  // Where there is no ranking, as at the start of a sequence, a file has to hold words all the same.
  return value?.weights.length && !value.weights.some(Boolean) ? undefined : value;
}

/** How many of `selected` cells are on: from nothing at all to the full accent. */
export function countEncoding(selected: number, theme: Theme): Encoding {
  const few = selected < 12;
  const colours = quantize(
    interpolateLab(theme.paper, interpolateLab(theme.accent, theme.paper)(0.2)),
    few ? Math.max(2, selected + 1) : SHADES,
  );
  return {
    name: "cells on",
    kind: "count",
    ramp: true,
    shareOf: (value) => shareOf(value, 0, selected),
    legend: few ? Array.from({ length: selected + 1 }, (_, n) => n) : ends(0, selected, Math.round),
    mark: (value) =>
      typeof value === "number"
        ? marked(String(value), `${value} of ${selected} cells on`, shade(colours, value, 0, selected))
        : null,
  };
}

export function annotationEncoding(name: string, meta: Meta, theme: Theme): Encoding {
  const range = meta.vis?.range ?? [];
  switch (meta.vis?.type) {
    case "wordvec":
      return rankedEncoding(name, theme);
    case "scalar":
      return scalarEncoding(name, Number(range[0] ?? 0), Number(range[1] ?? 1), theme);
    default:
      return discreteEncoding(name, range, theme);
  }
}

/** The encoding of everything that can be asked for in `dims`, by its name there. */
export function encodingsOf(
  tracks: readonly string[],
  annotations: Readonly<Record<string, Meta>>,
  selected: number,
  theme: Theme,
): ReadonlyMap<string, Encoding> {
  return new Map([
    [CELL_COUNT, countEncoding(selected, theme)],
    ...tracks.map((name) => [dimOf(name), annotationEncoding(name, annotations[name], theme)] as const),
  ]);
}

/** What a legend explains: what the encoding lists, else the values that were met, by their text. */
export function explained({ legend, mark, placeOf }: Encoding, met: ReadonlyMap<string, Mark>): Mark[] {
  if (legend) return legend.map(mark).filter((explained) => explained !== null);
  const place = ({ text }: Mark) => placeOf?.(text) ?? Number.MAX_SAFE_INTEGER;
  return [...met.values()].sort(
    (a, b) => place(a) - place(b) || a.text.localeCompare(b.text, "en", { numeric: true }),
  );
}

function scalarEncoding(name: string, low: number, high: number, theme: Theme): Encoding {
  const diverging = low < 0 && high > 0;
  const reach = Math.max(-low, high);
  const [from, to] = diverging ? [-reach, reach] : [low, high];
  const colours = quantize(even((diverging ? DIVERGING : ORDERED)[theme.name]), SHADES);
  return {
    name,
    kind: "scalar",
    ramp: true,
    shareOf: (value) => shareOf(value, low, high),
    legend: ends(from, to, (value) => value),
    mark: (value) =>
      typeof value === "number"
        ? marked(short(value), exactly(value), shade(colours, value, from, to))
        : null,
  };
}

/**
 * Labels in the hues of their order, twelve in all and then paler; of a no and a yes the no in grey, the yes in the
 * accent. Labels that are ascending numbers are in ordered shades: as many as there are labels, but for whole numbers at
 * most twelve, over and over, since a range such as `0...100` is often only a guess.
 */
function discreteEncoding(name: string, range: readonly Label[], theme: Theme): Encoding {
  const order = new Map(range.map((label, i) => [label, i]));
  const numbers = areAscending(range);
  const most = typeof range[0] === "number" ? MOST_SHADES : SHADES;
  const shades = quantize(even(ORDERED[theme.name]), Math.max(2, Math.min(range.length, most)));
  const answers = areAnswers(range);
  const colourOf = (label: string | number) => {
    if (answers && order.has(label)) return answer(YES.includes(String(label).toLowerCase()), theme);
    const place = order.get(label) ?? (typeof label === "number" ? Math.round(label) : checksum(label));
    return numbers || typeof label === "number"
      ? shades[((place % shades.length) + shades.length) % shades.length]
      : category(place, theme);
  };
  const ramp = numbers && range.length <= shades.length;
  const textOf = (label: string | number) => (typeof label === "string" ? visible(label) : short(label));
  const places = new Map(range.map((label, i) => [label === null ? "" : textOf(label), i]));
  return {
    name,
    kind: "label",
    ramp,
    legend: ramp ? range : null,
    placeOf: (text) => places.get(text),
    shareOf: () => 0,
    mark: (value) =>
      typeof value === "string" || typeof value === "number"
        ? marked(textOf(value), String(value), colourOf(value))
        : null,
  };
}

function rankedEncoding(name: string, theme: Theme): Encoding {
  const colours = quantize(even([theme.paper, ...ORDERED[theme.name].slice(1, 3)]), SHADES);
  return {
    name,
    kind: "ranked",
    ramp: true,
    shareOf: (weight) => shareOf(weight, 0, 1),
    legend: ends(0, 1, (weight) => weight).map((weight) => ({ words: [String(weight)], weights: [weight] })),
    mark: (value) => {
      if (typeof value !== "object" || value === null || value.words.length === 0) return null;
      const detail = value.words
        .map((word, i) => `${visible(word)}  ${short(value.weights[i] ?? 0)}`)
        .join("\n");
      return marked(visible(value.words[0]), detail, shade(colours, value.weights[0] ?? 0, 0, 1));
    },
  };
}

function marked(text: string, detail: string, colour: string): Mark {
  return { text, detail, colour, ink: inkOn(colour) };
}

const inks = new Map<string, string>();

/** Black on light, white on dark; every colour of a page is one of a few hundred. */
function inkOn(colour: string): string {
  let ink = inks.get(colour);
  if (!ink) {
    ink = luminance(colour) > MIDDLE ? "#000000" : "#ffffff";
    inks.set(colour, ink);
  }
  return ink;
}

/** Relative luminance, as WCAG 2 defines it. */
export function luminance(colour: string): number {
  const { r, g, b } = rgb(colour);
  const [red, green, blue] = [r, g, b].map((channel) =>
    channel <= 10.31475 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const masks = new Map<string, Mark>();

/**
 * `mark` where only `share` of the selected cells are on: its colour the paler the fewer, and none at all where no
 * cell is on; the text stays, in the ink of its surroundings where there is no colour.
 */
export function masked(mark: Mark, share: number, theme: Theme): Mark {
  if (share >= 1) return mark;
  if (share <= 0) return { ...mark, colour: "", ink: "" };
  const key = `${theme.paper} ${mark.colour} ${share}`;
  let pale = masks.get(key);
  if (!pale) {
    pale = marked("", "", interpolateLab(theme.paper, mark.colour)(share));
    masks.set(key, pale);
  }
  return { ...mark, colour: pale.colour, ink: pale.ink };
}

function category(index: number, theme: Theme): string {
  const hues = CATEGORIES[theme.name];
  const round = Math.floor(index / hues.length) % 3;
  return interpolateLab(hues[index % hues.length], theme.paper)(round * 0.3);
}

const answer = (yes: boolean, { paper, ink, accent }: Theme): string =>
  yes ? interpolateLab(paper, accent)(0.75) : interpolateLab(paper, ink)(0.12);

/** A scale through `stops`, 0 to 1, on which equal steps are equal distances in CIE Lab. */
function even(stops: readonly string[]): (share: number) => string {
  const points = stops.map((stop) => lab(stop));
  const at = [0];
  for (const [i, { l, a, b }] of points.slice(1).entries()) {
    at.push(at[i] + Math.hypot(l - points[i].l, a - points[i].a, b - points[i].b));
  }
  const scale = scaleLinear<string>().domain(at).range(stops).interpolate(interpolateLab);
  return (share) => scale(share * at[at.length - 1]);
}

/** Whether labels are numbers in their order, written as such or as text. */
const areAscending = (labels: readonly Label[]): boolean =>
  labels.length > 1 &&
  labels.every(
    (label, i) =>
      String(label).trim() !== "" && Number(label) > (i ? Number(labels[i - 1]) : Number.NEGATIVE_INFINITY),
  );

/** Whether labels are a no and a yes, in either order. */
const areAnswers = (labels: readonly Label[]): boolean =>
  labels.length === 2 &&
  [NO, YES].every((words) => labels.some((label) => words.includes(String(label).toLowerCase())));

const shareOf = (value: number, from: number, to: number): number =>
  to > from ? Math.min(1, Math.max(0, (value - from) / (to - from))) : 1;

const shade = (colours: readonly string[], value: number, from: number, to: number): string =>
  colours[Math.round(shareOf(value, from, to) * (colours.length - 1))];

const ends = (from: number, to: number, round: (value: number) => number): number[] =>
  [0, 0.25, 0.5, 0.75, 1].map((share) => round(from + share * (to - from)));

/** As few digits as tell values of this size apart. */
export const short = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1);

/** As many digits as a number of 32 bits has for certain. */
const exactly = (value: number): string => String(Number(value.toPrecision(6)));

const checksum = (text: string): number =>
  [...text].reduce((sum, c) => (sum * 31 + (c.codePointAt(0) ?? 0)) % 9973, 7);
