import { describe, expect, it } from "vitest";
import { countOn, cutFor, excluded, fitting, type States } from "../src/selection";
import type { Constraints, Range, Sides } from "../src/state";
import { randoms } from "./randoms";

/** Cells x steps, as one would write an example down. */
function statesOf(
  rows: number[][],
  { from = 0, total = rows[0].length, starts = [] as number[] } = {},
): States {
  const [cells, steps] = [rows.length, rows[0].length];
  const values = new Float64Array(cells * steps);
  for (const [cell, row] of rows.entries()) {
    for (const [t, value] of row.entries()) values[t * cells + cell] = value;
  }
  return { from, steps, cells, values, starts, total };
}

const POSITIVE = cutFor(0.5, "positive");
const FREE: Constraints = [0, 0];

describe("fitting", () => {
  it("takes the cells that are on at every step of the range", () => {
    const states = statesOf([
      [0, 1, 1, 0],
      [0, 1, 0, 0],
      [1, 1, 1, 1],
    ]);
    expect(fitting(states, POSITIVE, { from: 1, to: 2 }, FREE)).toEqual([0, 2]);
  });

  it("asks for cells that are off as far as the constraints reach", () => {
    const states = statesOf([
      [0, 0, 1, 0, 0],
      [1, 0, 1, 0, 0],
      [0, 1, 1, 0, 0],
      [0, 0, 1, 0, 1],
    ]);
    const range = { from: 2, to: 2 };
    expect(fitting(states, POSITIVE, range, [1, 0])).toEqual([0, 1, 3]);
    expect(fitting(states, POSITIVE, range, [2, 0])).toEqual([0, 3]);
    expect(fitting(states, POSITIVE, range, [1, 2])).toEqual([0, 1]);
  });

  it("counts steps outside the corpus as off, however far the constraints reach", () => {
    const states = statesOf([[1, 1]]);
    expect(fitting(states, POSITIVE, { from: 0, to: 1 }, [9, 9])).toEqual([0]);
  });

  it("counts steps of other sequences as off", () => {
    const states = statesOf([[1, 1, 1, 1, 1]], { starts: [0, 2, 4] });
    expect(fitting(states, POSITIVE, { from: 2, to: 3 }, [2, 2])).toEqual([0]);
    expect(fitting(states, POSITIVE, { from: 3, to: 3 }, [1, 0])).toEqual([]);
  });

  it("selects nothing where the range crosses a sequence start", () => {
    const states = statesOf([[1, 1, 1, 1]], { starts: [0, 2] });
    expect(fitting(states, POSITIVE, { from: 1, to: 2 }, FREE)).toEqual([]);
  });

  it("is on at the cut itself, and off where a value is not a number", () => {
    const states = statesOf([[0.5], [0.49999999999999994], [Number.NaN], [Number.POSITIVE_INFINITY]]);
    expect(fitting(states, POSITIVE, { from: 0, to: 0 }, FREE)).toEqual([0, 3]);
  });

  it("numbers the negative sides after all positive ones", () => {
    const states = statesOf([[0.5], [-0.5], [0], [Number.NaN]]);
    expect(fitting(states, cutFor(0.5, "both"), { from: 0, to: 0 }, FREE)).toEqual([0, 5]);
  });

  it("compares a single-precision value with the cut in double precision", () => {
    const values = new Float32Array([0.3]);
    const states = { from: 0, steps: 1, cells: 1, values, starts: [], total: 1 };
    const [just, above] = [values[0], values[0] + 1e-12];
    expect(fitting(states, cutFor(just, "positive"), { from: 0, to: 0 }, FREE)).toEqual([0]);
    expect(fitting(states, cutFor(above, "positive"), { from: 0, to: 0 }, FREE)).toEqual([]);
  });

  it("does not tell where the window ends too early", () => {
    const states = statesOf([[1, 1, 1]], { from: 10, total: 100 });
    expect(fitting(states, POSITIVE, { from: 10, to: 12 }, FREE)).toEqual([0]);
    expect(fitting(states, POSITIVE, { from: 10, to: 12 }, [1, 0])).toBeNull();
    expect(fitting(states, POSITIVE, { from: 10, to: 12 }, [0, 1])).toBeNull();
    expect(fitting(states, POSITIVE, { from: 9, to: 12 }, FREE)).toBeNull();
    expect(fitting(states, POSITIVE, { from: 13, to: 13 }, FREE)).toBeNull();
  });

  it("tells where a sequence starts before the window ends", () => {
    const states = statesOf([[0, 1, 1]], { from: 10, total: 100, starts: [11] });
    expect(fitting(states, POSITIVE, { from: 11, to: 12 }, [5, 0])).toEqual([0]);
  });

  it("agrees with the definition, whatever the window, the sequences and the constraints", () => {
    const random = randoms(11);
    let decided = 0;
    for (let trial = 0; trial < 4000; trial++) {
      const corpus = randomCorpus(random);
      const from = random.below(corpus.total);
      const range = { from, to: from + random.below(Math.min(4, corpus.total - from)) };
      const constraints = [random.below(4), random.below(4)] as const;
      const sides = random.pick<Sides>(["positive", "both"]);
      const found = fitting(windowOf(corpus, random), cutFor(0.5, sides), range, constraints);
      if (found === null) continue;
      decided++;
      expect(found).toEqual(fittingByDefinition(corpus, range, constraints, sides));
    }
    expect(decided).toBeGreaterThan(1000);
  });
});

describe("countOn", () => {
  it("counts the selected cells and sides that are on at each step", () => {
    const states = statesOf([
      [1, 0, -1],
      [1, 1, 0],
      [1, 1, 1],
    ]);
    expect([...countOn(states, cutFor(0.5, "both"), [0, 1, 3])]).toEqual([2, 1, 1]);
  });
});

describe("excluded", () => {
  const lower = [0.4, 0.2].map((threshold) => [threshold, cutFor(threshold, "positive")] as const);

  it("names the constraint that is in the way", () => {
    const states = statesOf([[1, 1, 0]]);
    const reason = excluded(states, POSITIVE, { from: 1, to: 1 }, [1, 1], lower);
    expect(reason).toEqual({ by: "constraints", constraints: [0, 1], cells: 1 });
  });

  it("names of two constraints the one that keeps out more", () => {
    const states = statesOf([
      [1, 1, 0],
      [0, 1, 1],
      [0, 1, 1],
    ]);
    const reason = excluded(states, POSITIVE, { from: 1, to: 1 }, [1, 1], lower);
    expect(reason).toEqual({ by: "constraints", constraints: [1, 0], cells: 2 });
  });

  it("names the nearest threshold that admits cells", () => {
    const states = statesOf([[0, 0.3, 0]]);
    const reason = excluded(states, POSITIVE, { from: 1, to: 1 }, [1, 1], lower);
    expect(reason).toEqual({ by: "threshold", threshold: 0.2, cells: 1 });
  });

  it("names the longest range from there that admits cells", () => {
    const states = statesOf([[0, 1, 1, 0]]);
    const reason = excluded(states, POSITIVE, { from: 1, to: 3 }, [1, 0], lower);
    expect(reason).toEqual({ by: "range", range: { from: 1, to: 2 }, cells: 1 });
  });

  it("names the sequence start that the range crosses", () => {
    const states = statesOf([[1, 1, 1]], { starts: [0, 2] });
    expect(excluded(states, POSITIVE, { from: 1, to: 2 }, FREE, lower)).toEqual({ by: "start", at: 2 });
  });

  it("says so where nothing helps", () => {
    const states = statesOf([[0, 0, 0]]);
    expect(excluded(states, POSITIVE, { from: 1, to: 1 }, FREE, lower)).toEqual({ by: "all" });
  });

  it("tells nothing of what the states do not reach", () => {
    const states = statesOf([[0, 0, 0, 1]], { from: 100, total: 1000 });
    expect(excluded(states, POSITIVE, { from: 7, to: 7 }, FREE, lower)).toEqual({ by: "unseen" });
    expect(excluded(states, POSITIVE, { from: 102, to: 102 }, [9, 0], lower)).toEqual({ by: "unseen" });
    const reason = excluded(states, POSITIVE, { from: 103, to: 103 }, [9, 0], lower);
    expect(reason).toEqual({ by: "constraints", constraints: [0, 0], cells: 1 });
  });
});

// --- the definition, and chance

interface Corpus {
  readonly rows: number[][];
  readonly total: number;
  readonly starts: number[];
}

function fittingByDefinition(
  { rows, total, starts }: Corpus,
  { from, to }: Range,
  [before, after]: Constraints,
  sides: Sides,
) {
  const first = Math.max(0, ...starts.filter((start) => start <= from));
  const end = Math.min(total, ...starts.filter((start) => start > from));
  if (to >= end) return [];
  const on = (id: number, t: number) => {
    if (t < first || t >= end) return false;
    return id < rows.length ? rows[id][t] >= 0.5 : rows[id - rows.length][t] <= -0.5;
  };
  const between = (low: number, high: number) => Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const ids = between(0, rows.length * (sides === "both" ? 2 : 1) - 1);
  return ids.filter(
    (id) =>
      between(from, to).every((t) => on(id, t)) &&
      between(from - before, from - 1).every((t) => !on(id, t)) &&
      between(to + 1, to + after).every((t) => !on(id, t)),
  );
}

function randomCorpus(random: ReturnType<typeof randoms>): Corpus {
  const total = 1 + random.below(14);
  const value = () => random.pick([-1, -0.5, 0, 0.5, 1, Number.NaN]);
  const rows = Array.from({ length: 1 + random.below(5) }, () => Array.from({ length: total }, value));
  const starts = Array.from({ length: total }, (_, t) => t).filter((t) => t === 0 || random.below(5) === 0);
  return { rows, total, starts };
}

/** A window that may end before what decides. */
function windowOf({ rows, total, starts }: Corpus, random: ReturnType<typeof randoms>): States {
  const from = random.below(Math.min(3, total));
  const end = Math.max(from + 1, total - random.below(3));
  const inside = starts.filter((start) => start >= from && start < end);
  return statesOf(
    rows.map((row) => row.slice(from, end)),
    { from, total, starts: inside },
  );
}
