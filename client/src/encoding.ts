/**
 * How the values of an annotation, or the number of cells that are on, are written and coloured: the same way in the
 * tracks, in the heat maps and on the words of the matches.
 */
import { hcl } from "d3-color";
import { interpolateLab, interpolateRgbBasis, piecewise, quantize } from "d3-interpolate";
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
  /** Null where there is no value. */
  readonly mark: (value: Value) => Mark | null;
  /** Whether neighbouring colours mean neighbouring values, so that the ends are enough of a legend. */
  readonly ramp: boolean;
  /** Values to be explained; those that occur where there is no such list. */
  readonly legend: readonly Value[] | null;
}

/** Paul Tol's "light" scheme (https://personal.sron.nl/~pault/) without its grey, and four more in its manner. */
const CATEGORIES = [
  "#77aadd", "#ee8866", "#44bb99", "#ffaabb", "#eedd88", "#99ddff",
  "#aaaa00", "#bb99dd", "#bbcc33", "#d9b38c", "#8899bb", "#cc8899",
]; // biome-ignore format: one scheme
const ORDERED = {
  light: ["#eef5d5", "#8fd0b4", "#3a93ab", "#3b4a93"],
  dark: ["#27304f", "#2c6f92", "#5fb89a", "#edf3b4"],
};
const DIVERGING = { light: ["#b35806", "#f3efe8", "#4a3b8f"], dark: ["#f2a24e", "#2b2e36", "#a99cf0"] };
const DARK_INK = "#000000";
const LIGHT_INK = "#ffffff";
/** The lightness on which both inks have the same contrast, 4.5 or a little more. */
const HALF_LIGHT = 49.5;
const SHADES = 64;

export function valueAt(context: Context, dim: string, row: number, step: number): Value {
  if (dim === CELL_COUNT) return context.cell_count?.[row]?.[step];
  const column = context[dim as `meta_${string}`];
  if (!column) return undefined;
  if (Array.isArray(column)) return (column as readonly (readonly Label[])[])[row]?.[step];
  const { words, weights } = column as RankedWords;
  return words[row]?.[step] && { words: words[row][step], weights: weights[row]?.[step] ?? [] };
}

/** How many of `selected` cells are on: from nothing at all to the full accent. */
export function countEncoding(selected: number, theme: Theme): Encoding {
  const few = selected < 12;
  const colours = quantize(
    interpolateLab(theme.paper, interpolateLab(theme.accent, theme.paper)(0.2)),
    few ? selected + 1 : SHADES,
  );
  return {
    name: "cells on",
    ramp: true,
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

function scalarEncoding(name: string, low: number, high: number, theme: Theme): Encoding {
  const diverging = low < 0 && high > 0;
  const reach = Math.max(-low, high);
  const [from, to] = diverging ? [-reach, reach] : [low, high];
  const colours = quantize(piecewise(interpolateLab, (diverging ? DIVERGING : ORDERED)[theme.name]), SHADES);
  return {
    name,
    ramp: true,
    legend: ends(from, to, (value) => value),
    mark: (value) =>
      typeof value === "number" ? marked(short(value), String(value), shade(colours, value, from, to)) : null,
  };
}

/** Labels in the hues of their order, twelve in all and then paler; whole numbers in twelve ordered shades, over and over. */
function discreteEncoding(name: string, range: readonly Label[], theme: Theme): Encoding {
  const order = new Map(range.map((label, i) => [label, i]));
  const shades = quantize(piecewise(interpolateLab, ORDERED[theme.name]), CATEGORIES.length);
  const colourOf = (label: string | number) =>
    typeof label === "number"
      ? shades[((Math.round(label) % shades.length) + shades.length) % shades.length]
      : category(order.get(label) ?? checksum(label), theme);
  return {
    name,
    ramp: false,
    legend: null,
    mark: (value) =>
      typeof value === "string" || typeof value === "number"
        ? marked(typeof value === "string" ? visible(value) : short(value), String(value), colourOf(value))
        : null,
  };
}

function rankedEncoding(name: string, theme: Theme): Encoding {
  const colours = quantize(
    interpolateRgbBasis([theme.paper, ORDERED[theme.name][1], ORDERED[theme.name][2]]),
    SHADES,
  );
  return {
    name,
    ramp: true,
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

/** Dark on light, light on dark; every colour of a page is one of a few hundred. */
function inkOn(colour: string): string {
  let ink = inks.get(colour);
  if (!ink) {
    ink = hcl(colour).l > HALF_LIGHT ? DARK_INK : LIGHT_INK;
    inks.set(colour, ink);
  }
  return ink;
}

function category(index: number, theme: Theme): string {
  const { h, c, l } = hcl(CATEGORIES[index % CATEGORIES.length]);
  const round = Math.floor(index / CATEGORIES.length) % 3;
  return theme.name === "light"
    ? hcl(h, c * (1 - round * 0.3), Math.min(94, l + 4 + round * 5)).formatHex()
    : hcl(h, c * 0.65, l - 34 - round * 8).formatHex();
}

function shade(colours: readonly string[], value: number, from: number, to: number): string {
  const share = to > from ? (value - from) / (to - from) : 1;
  return colours[Math.round(Math.min(1, Math.max(0, share)) * (colours.length - 1))];
}

const ends = (from: number, to: number, round: (value: number) => number): number[] =>
  [0, 0.25, 0.5, 0.75, 1].map((share) => round(from + share * (to - from)));

/** As few digits as tell values of this size apart. */
const short = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1);

const checksum = (text: string): number =>
  [...text].reduce((sum, c) => (sum * 31 + (c.codePointAt(0) ?? 0)) % 9973, 7);
