import { lab } from "d3-color";
import { describe, expect, it } from "vitest";
import { agreementOf } from "../src/agreement";
import type { Context } from "../src/api";
import { annotationEncoding, countEncoding, type Mark, masked, valueAt } from "../src/encoding";
import { assignHues } from "../src/hues";
import { GUTTER, layoutOf } from "../src/layout";
import { countLengths } from "../src/lengths";
import type { MatchAnswer } from "../src/loader";
import type { Theme } from "../src/theme";
import { lowerCuts, onGrid, thresholdsOf } from "../src/thresholds";
import { areCharacters, columnWidthFor, fitted, visible, visibleText } from "../src/tokens";
import { keysThatFit } from "../src/views/legend";
import { endOf } from "../src/views/matches";

const THEMES = (["light", "dark"] as const).map(
  (name) => ({ name, paper: "#ffffff", ink: "#1d2127", accent: "#3d4fc4" }) as Theme,
);

describe("tokens", () => {
  it("show white space as signs, and nothing else", () => {
    expect([" ", "\n", "\t", "\r\n", "", "a b"].map(visible)).toEqual(["␣", "⏎", "⇥", "␍⏎", "∅", "a b"]);
  });

  it("are characters where none is longer, counted as a person would", () => {
    expect(areCharacters(["a", "\n", "日", "😀", ""])).toBe(true);
    expect(areCharacters(["a", "ab"])).toBe(false);
  });

  it("make columns narrow for characters and wide enough for most words", () => {
    expect(columnWidthFor(["a", "b"])).toBeLessThan(20);
    expect(columnWidthFor(["the", "cat", "sat", "on", "a", "nonexecutive"])).toBeLessThan(60);
    expect(columnWidthFor(Array(9).fill("x".repeat(500)))).toBeLessThan(120);
  });

  it("show no part of a number, and of a label its first letter where there is no room for an ellipsis", () => {
    const shown = [fitted("-1.25", 15), fitted("12", 15), fitted("NOUN", 15), fitted("NOUN", 60)];
    expect(shown).toEqual(["", "12", "N", "NOUN"]);
    expect([fitted("3", 7), fitted("12", 7), fitted("-1234.5", 40), fitted("nonexecutive", 40)]).toEqual([
      "3",
      "",
      "",
      "nonexecutive",
    ]);
  });

  it("stand in running text with their line breaks as signs", () => {
    expect(visibleText("a b\r\n\tc")).toBe("a b␍⏎⇥c");
  });
});

describe("the layout", () => {
  it.each([800, 1100, 1400, 2500])("has room for words and heat maps at %i pixels", (width) => {
    for (const columnWidth of [15, 60]) {
      for (const maps of [1, 2, 3, 4]) {
        const layout = layoutOf(width, 600, columnWidth, maps, 3);
        expect(GUTTER + layout.matchColumns * columnWidth + layout.mapsWidth).toBeLessThanOrEqual(width);
        expect(layout.mapCell).toBeGreaterThanOrEqual(8);
        expect(layout.matchColumns).toBeLessThanOrEqual(layout.columns);
      }
    }
  });

  it("aligns matches with the range, and keeps room before and after where that is out of the way", () => {
    expect(layoutOf(1400, 600, 15, 1, 20).start).toBe(20);
    const far = layoutOf(1400, 600, 15, 1, 500);
    expect(far.start).toBe(Math.floor(0.4 * far.matchColumns));
    expect(layoutOf(1400, 600, 15, 1, -3).start).toBe(4);
    expect(layoutOf(800, 600, 200, 3, 9).start).toBe(0);
  });
});

describe("a legend", () => {
  it("has as many keys as one line holds, and room for the number of the others", () => {
    const labels = Array.from({ length: 30 }, (_, i) => `label ${i}`);
    const fit = keysThatFit(labels, 192);
    expect(fit).toBeGreaterThan(0);
    expect(fit).toBeLessThan(4);
    expect(keysThatFit(["1", "2", "3"], 192)).toBe(3);
    expect(keysThatFit([], 192)).toBe(0);
  });
});

describe("thresholds", () => {
  it("are the numbers that their decimals mean", () => {
    const grid = thresholdsOf("tanh", [-1, 1]);
    for (let i = -99; i <= 99; i++) expect(onGrid(i / 100 + 0.004, grid)).toBe(i / 100 + 0);
    expect(onGrid(5, grid)).toBe(0.99);
    expect(Object.is(onGrid(-0.001, grid), 0)).toBe(true);
  });

  it("have steps that suit the numbers of a source without tanh", () => {
    expect(thresholdsOf("none", [-4, 4]).step).toBe(0.01);
    expect(thresholdsOf("none", [0, 0.01]).step).toBeLessThan(0.001);
    expect(thresholdsOf("none", [-500, 500]).step).toBe(5);
  });

  it("below one are tried from the nearest on, those of both sides only above 0", () => {
    const grid = thresholdsOf("tanh", [-1, 1]);
    expect(lowerCuts(0.03, grid, null, "both").map(([threshold]) => threshold)).toEqual([0.02, 0.01]);
    expect(lowerCuts(0, grid, null, "positive").at(0)).toEqual([-0.01, { high: -0.01, low: null }]);
    expect(lowerCuts(0, grid, null, "positive").at(-1)?.[0]).toBe(-0.99);
    expect(lowerCuts(-0.99, grid, null, "positive")).toEqual([]);
    expect(lowerCuts(1e300, grid, null, "both").map(([threshold]) => threshold)).toHaveLength(99);
    expect(lowerCuts(1e300, grid, null, "both").at(0)?.[0]).toBe(0.99);
  });
});

describe("hues", () => {
  it("stay with their cells while others come and go", () => {
    const before = assignHues(new Map(), [1, 2, 3]);
    const after = assignHues(before, [0, 2, 3, 9]);
    expect(after.get(2)).toBe(before.get(2));
    expect(after.get(3)).toBe(before.get(3));
    expect(new Set(after.values()).size).toBe(4);
  });

  it("are given to as many cells as there are hues, and to none of more", () => {
    expect(assignHues(new Map(), [0, 1, 2, 3, 4, 5, 6, 7]).size).toBe(8);
    expect(assignHues(new Map(), [0, 1, 2, 3, 4, 5, 6, 7, 8]).size).toBe(0);
  });
});

describe.each(THEMES)("encodings in the $name theme", (theme) => {
  it("tell every number of cells apart where they are few", () => {
    const { mark } = countEncoding(11, theme);
    const colours = Array.from({ length: 12 }, (_, n) => mark(n)?.colour);
    expect(new Set(colours).size).toBe(12);
  });

  it("tell twelve labels apart, and number further ones without failing", () => {
    const labels = Array.from({ length: 45 }, (_, i) => `tag ${i}`);
    const { mark } = annotationEncoding("pos", { vis: { type: "discrete", range: labels } }, theme);
    expect(new Set(labels.slice(0, 12).map((label) => mark(label)?.colour)).size).toBe(12);
    for (const label of [...labels, "unheard of", ""]) expect(mark(label)?.colour).toMatch(/^#|^rgb/);
  });

  it("keep scalars inside their scale, and put zero in the middle of one that has both signs", () => {
    const { mark } = annotationEncoding("x", { vis: { type: "scalar", range: [0, 6] } }, theme);
    expect(mark(99)?.colour).toBe(mark(6)?.colour);
    expect(mark(-5)?.colour).toBe(mark(0)?.colour);
    const signed = annotationEncoding("x", { vis: { type: "scalar", range: [-1, 9] } }, theme);
    expect(signed.mark(9)?.colour).not.toBe(signed.mark(-9)?.colour);
    expect(signed.mark(0)?.text).toBe("0");
    expect(mark(Math.fround(3.069))).toMatchObject({ text: "3.07", detail: "3.069" });
  });

  it("use all of the height for the scale of a scalar, wherever zero lies on it", () => {
    const { shareOf } = annotationEncoding("x", { vis: { type: "scalar", range: [-1, 3] } }, theme);
    expect([-9, -1, 0, 3, 9].map(shareOf)).toEqual([0, 0, 0.25, 1, 1]);
  });

  it.each([
    [["False", "True"], "True"],
    [["yes", "no"], "yes"],
    [["wrong", "correct"], "correct"],
  ])("leave the no of %j without a hue", (range, yes) => {
    const { mark } = annotationEncoding("x", { vis: { type: "discrete", range } }, theme);
    for (const label of range) {
      const { a, b } = lab(mark(label)?.colour as string);
      expect(Math.hypot(a, b) > 20).toBe(label === yes);
    }
  });

  it("give two labels that are no answers a hue each", () => {
    const { mark } = annotationEncoding("x", { vis: { type: "discrete", range: ["neg", "true"] } }, theme);
    for (const label of ["neg", "true"]) {
      const { a, b } = lab(mark(label)?.colour as string);
      expect(Math.hypot(a, b)).toBeGreaterThan(20);
    }
  });

  it("mask a colour by the share of cells on, and leave the text", () => {
    const { mark } = annotationEncoding("pos", { vis: { type: "discrete", range: ["a", "b"] } }, theme);
    const whole = mark("a") as Mark;
    expect(masked(whole, 1, theme)).toBe(whole);
    expect(masked(whole, 0, theme)).toMatchObject({ text: "a", colour: "", ink: "" });
    const shares = [0.25, 0.5, 0.75].map((share) => masked(whole, share, theme).colour);
    expect(new Set([...shares, whole.colour, theme.paper]).size).toBe(5);
  });

  it("say nothing where there is no value", () => {
    for (const type of ["scalar", "discrete", "wordvec", undefined]) {
      const { mark } = annotationEncoding("x", type ? { vis: { type } } : {}, theme);
      expect(mark(null)).toBeNull();
      expect(mark(undefined)).toBeNull();
    }
  });
});

describe("agreement", () => {
  const [theme] = THEMES;

  it("is the share of the most frequent label, rounded down, and exact in its sentence", () => {
    const encoding = annotationEncoding("depth", { vis: { type: "discrete", range: ["3", "4"] } }, theme);
    const values = [...Array(299).fill("4"), "3", null, undefined];
    expect(agreementOf(values, 50, true, encoding)).toEqual({
      label: "4:",
      figure: "99 %",
      sentence: "depth is 4 at 299 of 300 positions inside the ranges of the 50 matches listed.",
      mark: encoding.mark("4"),
      disputed: "4",
    });
    expect(agreementOf(["4", null, "4"], 2, true, encoding)).toMatchObject({
      figure: "100 %",
      disputed: null,
    });
  });

  it("says where it knows only a part of the ranges", () => {
    const encoding = annotationEncoding("depth", {}, theme);
    expect(agreementOf(["4"], 1, false, encoding)?.sentence).toContain(
      "1 match listed, as far as these are loaded",
    );
  });

  it("is the mean of scalars, and the best of ranked words", () => {
    const scalar = annotationEncoding("loss", { vis: { type: "scalar", range: [0, 6] } }, theme);
    expect(agreementOf([1, 2, null], 1, true, scalar)).toMatchObject({
      label: "mean",
      figure: "1.50",
      disputed: null,
    });
    const ranked = annotationEncoding("top", { vis: { type: "wordvec" } }, theme);
    const words = ["a", "b", "a"].map((word) => ({ words: [word, "z"], weights: [0.9, 0.1] }));
    expect(agreementOf(words, 2, true, ranked)).toMatchObject({ label: "a:", figure: "66 %", mark: null });
  });

  it("is nothing where there is no value, or where values are counts", () => {
    expect(agreementOf([null], 1, true, annotationEncoding("x", {}, theme))).toBeNull();
    expect(agreementOf([], 1, true, annotationEncoding("x", { vis: { type: "scalar" } }, theme))).toBeNull();
    expect(agreementOf([3], 1, true, countEncoding(4, theme))).toBeNull();
  });
});

describe("the matches of a histogram", () => {
  it("are counted from the first length to the last, both included, the last bar for all beyond", () => {
    const histogram = Array.from({ length: 201 }, (_, i) => i);
    expect(countLengths(histogram, [3, 3])).toBe(3);
    expect(countLengths(histogram, [3, 5])).toBe(12);
    expect(countLengths(histogram, [200, 2 ** 31 - 1])).toBe(200);
    expect(countLengths(histogram, [199, 250])).toBe(399);
  });
});

describe("the end of the longest list", () => {
  const answer = (counts: number[], lengths?: readonly [number, number]) =>
    ({
      query: { match_length: lengths },
      matches: {
        rankingDetail: Array(1000).fill({}),
        counts,
        strictLengthHistogram: [0, 5, 1654],
        fuzzyLengthHistogram: [0, 900, 2000],
      },
    }) as unknown as MatchAnswer;

  it("says of how many matches it is, and nothing where it has them all", () => {
    expect(endOf(answer([16_348, 1654]))).toBe(
      "The first 1,000 of 18,002 matches, 1,654 of them with all cells; no more can be listed.",
    );
    expect(endOf(answer([0, 1654]))).toBe("The first 1,000 of 1,654 matches; no more can be listed.");
    expect(endOf(answer([10, 990]))).toBe("");
  });

  it("counts only the lengths that are kept", () => {
    expect(endOf(answer([0, 9999], [1, 1]))).toBe("");
    expect(endOf(answer([0, 9999], [2, 2]))).toContain("of 2,000 matches, 1,654 of them with");
  });
});

describe("valueAt", () => {
  const context: Context = {
    cell_count: [[3]],
    meta_pos: [["NN", null]],
    meta_top: { words: [[["a", "b"]]], weights: [[[0.75, 0.25]]] },
  };

  it("finds no ranked words where all weigh nothing, as where nothing was predicted", () => {
    const weigh = (...weights: (number | null)[]) =>
      valueAt({ meta_top: { words: [[["a", "b"]]], weights: [[weights]] } }, "meta_top", 0, 0);
    expect([weigh(0, 0), weigh(null, null), weigh(0, null)]).toEqual([undefined, undefined, undefined]);
    expect(weigh(0.5, 0)).toEqual({ words: ["a", "b"], weights: [0.5, 0] });
    expect(weigh()).toEqual({ words: ["a", "b"], weights: [] });
  });

  it("finds counts, labels and ranked words, and nothing outside", () => {
    expect(valueAt(context, "cell_count", 0, 0)).toBe(3);
    expect(valueAt(context, "meta_pos", 0, 1)).toBeNull();
    expect(valueAt(context, "meta_top", 0, 0)).toEqual({ words: ["a", "b"], weights: [0.75, 0.25] });
    for (const dim of ["cell_count", "meta_pos", "meta_top", "meta_none"]) {
      expect(valueAt(context, dim, 0, 9)).toBeUndefined();
      expect(valueAt(context, dim, 9, 0)).toBeUndefined();
    }
  });
});
