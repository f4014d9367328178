import { describe, expect, it } from "vitest";
import { unreadable } from "../src/address";
import { type Known, misfits } from "../src/misfits";
import { annotationsIn, CELL_COUNT, dimOf, INITIAL, knowing } from "../src/state";

const known: Known = {
  total: 100,
  cells: 8,
  annotations: { kind: {}, depth: {} },
  source: { transform: "tanh" } as Known["source"],
  thresholds: { min: -0.99, max: 0.99, step: 0.01 },
};

describe("what does not fit of an address", () => {
  it("is nothing of one that the page would write", () => {
    const search =
      "?project=p&pos=90&threshold=0.5&range=98,99&off=2,0&sides=both&cells=3,15&track=kind&colour=meta_depth";
    expect(misfits(search, known)).toEqual([]);
    expect(misfits("?project=p&track=&colour=&mask=0", known)).toEqual([]);
  });

  it("is what cannot be read", () => {
    const search = "?pos=-1&range=9,3&mask=yes&limit=5000&sides=both&threshold=-0.2&nonsense=1";
    expect(unreadable(search)).toEqual(["pos=-1", "range=9,3", "mask=yes", "limit=5000", "sides=both"]);
  });

  it.each([
    ["?pos=100", "there is no position 100, the corpus has 100 positions"],
    ["?range=99,100", "the range from 99 to 100 reaches beyond the end, the corpus has 100 positions"],
    ["?range=100,104", "the range from 100 to 104 lies beyond the end, the corpus has 100 positions"],
    ["?off=0,100", "no 100 steps can be off, the corpus has 100 positions"],
    ["?cells=2,8&drop=9", "there is no cell 8, 9, the source has 8 cells"],
    ["?cells=8,9,10,11,12,13", "there is no cell 8, 9, 10, 11, 12 and others, the source has 8 cells"],
    ["?sides=both&add=17", "there is no cell 9−, the source has 8 cells"],
    ["?track=gone&open=gone&colour=meta_gone", "there is no annotation “gone”"],
    ["?threshold=1.5", "no cell reaches a threshold of 1.5, it is 0.99 instead"],
  ])("is said of %s", (search, clause) => {
    expect(misfits(search, known)).toEqual([clause]);
  });
});

describe("knowing", () => {
  const named = { ...INITIAL, tracks: ["a", "b"], opened: ["b"], projected: dimOf("b") };

  it("leaves out annotations that there are not", () => {
    expect(knowing(["a"])(named)).toEqual({ ...named, tracks: ["a"], opened: [], projected: CELL_COUNT });
    expect(knowing(["c"])(named)).toMatchObject({ tracks: null });
    expect(knowing(["a"])({ ...named, tracks: [], opened: [] })).toMatchObject({ tracks: [] });
  });

  it("changes nothing where all are there, nor where none is asked for", () => {
    for (const state of [named, INITIAL, { ...INITIAL, tracks: [], projected: "" }]) {
      expect(knowing(annotationsIn(state))(state)).toBe(state);
    }
  });
});
