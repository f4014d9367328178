/** What the colours promise: text on them can be read, and they can be told apart, also by the colour-blind. */

import { lab, rgb } from "d3-color";
import { interpolateRgb } from "d3-interpolate";
import { describe, expect, it } from "vitest";
import type { Meta } from "../src/api";
import {
  annotationEncoding,
  countEncoding,
  type Encoding,
  explained,
  luminance,
  type Mark,
  masked,
  type Value,
} from "../src/encoding";
import styles from "../src/style/base.css?raw";
import type { Theme } from "../src/theme";

/** Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency (2009), full. */
const SIGHTS: Record<string, readonly (readonly number[])[]> = {
  "normal sight": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** The colours of a theme, as the style sheet has them. */
function themeOf(name: Theme["name"]) {
  const [light, dark] = styles.split(':root[data-theme="dark"]');
  const rules = name === "light" ? light : light + dark;
  const colour = (property: string) =>
    [...rules.matchAll(RegExp(`--${property}: (#\\w+);`, "g"))].at(-1)?.[1] ?? "";
  const [paper, ink, faint, accent] = ["paper", "ink", "faint", "accent"].map(colour);
  return { faint, ink, theme: { name, paper, accent, ink } as Theme };
}

/** The contrast of WCAG 2. */
function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const tags = (count: number) => Array.from({ length: count }, (_, i) => `tag ${i}`);
const digits = (count: number) => Array.from({ length: count }, (_, i) => String(i));
const META: Record<string, [Required<Meta>["vis"], Value[]]> = {
  labels: [{ type: "discrete", range: tags(40) }, tags(40)],
  "ordered labels": [{ type: "discrete", range: digits(9) }, digits(9)],
  "whole numbers": [{ type: "discrete", range: digits(100).map(Number) }, digits(100).map(Number)],
  scalars: [{ type: "scalar", range: [0, 6] }, digits(61).map((i) => Number(i) / 10)],
  "signed scalars": [{ type: "scalar", range: [-1, 1] }, digits(41).map((i) => Number(i) / 20 - 1)],
  "ranked words": [{ type: "wordvec" }, digits(51).map((i) => ({ words: ["a"], weights: [Number(i) / 50] }))],
};

describe.each(["light", "dark"] as const)("in the %s theme", (name) => {
  const { theme, faint, ink } = themeOf(name);
  const encodings: [string, Encoding, Value[]][] = [
    ["counts", countEncoding(40, theme), digits(41).map(Number)],
    ...Object.entries(META).map(
      ([title, [vis, values]]) =>
        [title, annotationEncoding(title, { vis }, theme), values] as [string, Encoding, Value[]],
    ),
  ];

  it.each(encodings)("text on %s can be read, masked or not", (_, { mark }, values) => {
    for (const value of values) {
      const whole = mark(value);
      if (!whole) throw new Error(`no mark for ${value}`);
      for (const share of [0.05, 0.2, 0.5, 0.8, 1]) {
        const { colour, ink } = masked(whole, share, theme);
        expect(contrast(colour, ink)).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("faint text can be read, and the words of matches on any shade of theirs", () => {
    expect(contrast(theme.paper, faint)).toBeGreaterThanOrEqual(4.5);
    // As the style sheet mixes them, in sRGB.
    const shade = interpolateRgb(theme.paper, theme.accent);
    const text = interpolateRgb(faint, ink);
    for (let on = 0; on <= 1; on += 0.05) {
      expect(contrast(shade(0.42 * on), text(on))).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each(Object.keys(SIGHTS))("twelve labels are told apart with %s", (sight) => {
    const { mark } = annotationEncoding("x", { vis: { type: "discrete", range: tags(12) } }, theme);
    const seen = tags(12).map((tag) => see(mark(tag)?.colour as string, SIGHTS[sight]));
    for (const [i, one] of seen.entries()) {
      for (const other of seen.slice(0, i)) expect(ciede2000(one, other)).toBeGreaterThan(11);
    }
  });

  it.each([3, 5, 12])("%i ordered labels have shades in even steps, ever lighter or ever darker", (count) => {
    const { mark, legend } = annotationEncoding(
      "x",
      { vis: { type: "discrete", range: digits(count) } },
      theme,
    );
    expect(legend).toEqual(digits(count));
    const shades = digits(count).map((digit) => lab(mark(digit)?.colour as string));
    const steps = shades
      .slice(1)
      .map(({ l, a, b }, i) => Math.hypot(l - shades[i].l, a - shades[i].a, b - shades[i].b));
    expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.35);
    const rising = shades.slice(1).map(({ l }, i) => Math.sign(l - shades[i].l));
    expect(new Set(rising).size).toBe(1);
  });
});

it("contrast is that of WCAG", () => {
  expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
});

it("a legend explains the labels met in the order of their colours, and what has no place there after them", () => {
  const { theme } = themeOf("light");
  const encoding = annotationEncoding(
    "size",
    { vis: { type: "discrete", range: ["small", "medium", "large"] } },
    theme,
  );
  const met = new Map(
    ["large", "unheard of", "small"].map((label) => [label, encoding.mark(label)] as [string, Mark]),
  );
  expect(explained(encoding, met).map(({ text }) => text)).toEqual(["small", "large", "unheard of"]);
});

it("labels are ordered only where all of them are numbers that ascend", () => {
  const { theme } = themeOf("light");
  const ramp = (range: readonly (string | number)[]) =>
    annotationEncoding("x", { vis: { type: "discrete", range } }, theme).ramp;
  expect(
    [
      ["0", "1", "2"],
      ["-1", "0.5", "30"],
      [0, 1, 2],
    ].map(ramp),
  ).toEqual([true, true, true]);
  expect([["2", "1"], ["1", "1"], ["1", "b"], ["", "1"], ["1"], []].map(ramp)).toEqual(Array(6).fill(false));
});

it("the colour difference is that of the paper", () => {
  const pair = ciede2000({ l: 50, a: 2.6772, b: -79.7751 }, { l: 50, a: 0, b: -82.7485 });
  expect(pair).toBeCloseTo(2.0425, 4);
  expect(
    ciede2000({ l: 63.0109, a: -31.0961, b: -5.8663 }, { l: 62.8187, a: -29.7946, b: -4.0864 }),
  ).toBeCloseTo(1.263, 4);
});

interface Lab {
  readonly l: number;
  readonly a: number;
  readonly b: number;
}

/** A colour as it is seen, in linear sRGB through a matrix. */
function see(colour: string, matrix: readonly (readonly number[])[]): Lab {
  const { r, g, b } = rgb(colour);
  const linear = [r, g, b].map((c) =>
    c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
  );
  const [red, green, blue] = matrix.map((row) => {
    const light = Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, weight, i) => sum + weight * linear[i], 0),
      ),
    );
    return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
  });
  return lab(rgb(red, green, blue));
}

/** Sharma, Wu, Dalal: The CIEDE2000 Color-Difference Formula (2005). */
function ciede2000(one: Lab, other: Lab): number {
  const { PI, abs, atan2, cos, exp, hypot, sin, sqrt } = Math;
  const radians = (degrees: number) => (degrees * PI) / 180;
  const seventh = (chroma: number) => sqrt(chroma ** 7 / (chroma ** 7 + 25 ** 7));
  const grey = 0.5 * (1 - seventh((hypot(one.a, one.b) + hypot(other.a, other.b)) / 2));
  const [first, second] = [one, other].map(({ l, a, b }) => {
    const stretched = a * (1 + grey);
    return { l, c: hypot(stretched, b), h: ((atan2(b, stretched) * 180) / PI + 360) % 360 };
  });
  const l = (first.l + second.l) / 2;
  const c = (first.c + second.c) / 2;
  const far = abs(first.h - second.h) > 180;
  const h = (first.h + second.h + (far ? 360 : 0)) / 2;
  const turn = second.h - first.h + (far ? (second.h > first.h ? -360 : 360) : 0);
  const t =
    1 -
    0.17 * cos(radians(h - 30)) +
    0.24 * cos(radians(2 * h)) +
    0.32 * cos(radians(3 * h + 6)) -
    0.2 * cos(radians(4 * h - 63));
  const dl = (second.l - first.l) / (1 + (0.015 * (l - 50) ** 2) / sqrt(20 + (l - 50) ** 2));
  const dc = (second.c - first.c) / (1 + 0.045 * c);
  const dh = (2 * sqrt(first.c * second.c) * sin(radians(turn / 2))) / (1 + 0.015 * c * t);
  const rotation = -2 * seventh(c) * sin(radians(60 * exp(-(((h - 275) / 25) ** 2))));
  return sqrt(dl ** 2 + dc ** 2 + dh ** 2 + rotation * dc * dh);
}
