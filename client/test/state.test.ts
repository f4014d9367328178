import { describe, expect, it } from "vitest";
import * as state from "../src/state";
import { INITIAL, type State } from "../src/state";

const brushed = state.brush(10, 14)(INITIAL);

describe("transitions", () => {
  it("give back the same object where nothing changes", () => {
    const same: [string, state.Transition, State][] = [
      ["brush", state.brush(14, 10), brushed],
      ["moveTo", state.moveTo(0), INITIAL],
      ["setThreshold", state.setThreshold(0.3), INITIAL],
      ["constrain", state.constrain(0, 1), INITIAL],
      ["point", state.point({ pos: null }), INITIAL],
      ["clear", state.clear, INITIAL],
      ["within", state.within(100, 20), brushed],
      ["setTracks", state.setTracks(["a"]), state.setTracks(["a"])(INITIAL)],
    ];
    for (const [name, transition, before] of same) expect(transition(before), name).toBe(before);
  });

  it("brush in either direction, and let go what was put in by hand", () => {
    const edited = state.toggleCell(3, [])(brushed);
    expect(state.brush(9, 4)(edited)).toMatchObject({ range: { from: 4, to: 9 }, added: [], dropped: [] });
  });

  it("leave cells and sides behind with the source that they belong to, but not the range", () => {
    const pinned = state.pin([3, 20])(state.setSides("both")(brushed));
    const edited = state.toggleCell(4, [])(state.setSides("both")(brushed));
    for (const before of [pinned, edited, state.toggleCell(4, [4])(brushed)]) {
      expect(state.openSource("f::other")(before)).toEqual({ ...brushed, source: "f::other" });
    }
  });

  it("never let the ends of a range pass each other", () => {
    expect(state.moveEnd("from", 99)(brushed).range).toEqual({ from: 14, to: 14 });
    expect(state.moveEnd("to", 0)(brushed).range).toEqual({ from: 10, to: 10 });
  });

  it("extend the end of a range that is at a position past the other one, or begin a range there", () => {
    expect(state.extend(14, 16)(brushed).range).toEqual({ from: 10, to: 16 });
    expect(state.extend(14, 8)(brushed).range).toEqual({ from: 8, to: 10 });
    expect(state.extend(10, 9)(brushed).range).toEqual({ from: 9, to: 14 });
    expect(state.extend(12, 13)(brushed).range).toEqual({ from: 12, to: 13 });
    expect(state.extend(3, 2)(INITIAL).range).toEqual({ from: 2, to: 3 });
  });

  it("move as little as it takes to have a position in view", () => {
    const looking = state.moveTo(50)(INITIAL);
    expect([50, 59, 60, 49].map((pos) => state.reveal(pos, 10)(looking).pos)).toEqual([50, 50, 51, 49]);
  });

  it("put cells in and take them out on top of those that follow the range", () => {
    const out = state.toggleCell(5, [5, 6])(brushed);
    expect(out).toMatchObject({ added: [], dropped: [5] });
    expect(state.toggleCell(5, [6])(out)).toMatchObject({ added: [5], dropped: [] });
  });

  it("edit pinned cells in place", () => {
    const pinned = state.pin([2, 9])(brushed);
    expect(state.toggleCell(5, [2, 9])(pinned).pinned).toEqual([2, 5, 9]);
    expect(state.toggleCell(2, [2, 9])(pinned).pinned).toEqual([9]);
  });

  it("allow both sides only above threshold 0", () => {
    const both = state.setSides("both")(brushed);
    expect(both.sides).toBe("both");
    expect(state.setThreshold(0)(both).sides).toBe("positive");
    expect(state.setSides("both")(state.setThreshold(-0.2)(brushed)).sides).toBe("positive");
  });

  it("keep the position under the pointer while zooming", () => {
    const zoomed = state.zoom(20, 50, 200)(state.moveTo(45)(INITIAL));
    expect(zoomed).toMatchObject({ columnWidth: 20, pos: 40 });
  });

  it("let go of cells pinned by following a match when another range is brushed, and of no others", () => {
    const match = { from: 100, to: 103 };
    const followed = state.follow(match, 8, [3, 9])(brushed);
    const others = [
      state.brush(4, 5),
      state.moveEnd("to", 104),
      state.extend(103, 104),
      state.slideRange(90),
    ];
    for (const other of others) {
      expect(other(followed)).toMatchObject({ pinned: null, followed: false });
      expect(other(state.follow(match, 8, [3, 9])(state.pin([3, 9])(brushed))).pinned).toEqual([3, 9]);
    }
    expect(state.follow({ from: 7, to: 8 }, 8, [3, 9])(followed).followed).toBe(true);
    expect(state.moveEnd("to", 103)(followed)).toBe(followed);
    expect(state.slideRange(100)(followed)).toBe(followed);
    expect(state.constrain(0, 2)(followed).pinned).toEqual([3, 9]);
  });

  it("show a match in the column of the range, the cells pinned and the list as it was", () => {
    const listed = state.toggleCell(9, [])(state.keepLengths([4, 4])(brushed));
    expect(state.follow({ from: 100, to: 103 }, 8, [3, 9])(listed)).toMatchObject({
      pos: 92,
      range: { from: 100, to: 103 },
      pinned: [3, 9],
      added: [],
      lengths: [4, 4],
    });
  });

  it("keep a range inside the corpus, or drop it", () => {
    expect(state.within(12, 4)(brushed).range).toEqual({ from: 10, to: 11 });
    expect(state.within(5, 4)(brushed).range).toBeNull();
  });

  it("keep the window full, with the end of the corpus at its right edge", () => {
    expect(state.within(50, 20)(state.moveTo(80)(INITIAL)).pos).toBe(30);
    expect(state.within(5, 20)(state.moveTo(80)(INITIAL)).pos).toBe(0);
  });

  it("bring the range into the middle, or its start to the left where it is too long", () => {
    expect(state.showRange(9)(state.moveTo(500)(brushed)).pos).toBe(8);
    expect(state.showRange(3)(state.moveTo(500)(brushed)).pos).toBe(10);
  });

  it("step through the lengths that occur, twice as well before anything is drawn, and to all beyond the ends", () => {
    const lengths = [1, 3, 200].map((length) => [length, length === 200 ? 2 ** 31 : length] as const);
    const right = state.stepLength(lengths, 1);
    expect(right(INITIAL).lengths).toEqual([1, 1]);
    expect(right(right(INITIAL)).lengths).toEqual([3, 3]);
    expect(right(right(right(right(INITIAL)))).lengths).toBeNull();
    const left = state.stepLength(lengths, -1);
    expect(left(INITIAL).lengths).toEqual([200, 2 ** 31]);
    expect(left(right(INITIAL)).lengths).toBeNull();
  });

  it("go from one place found to the next, around the ends, and ask for more where there are more", () => {
    const hits = [3, 50, 90];
    const at = (hit: number) => state.visit(hit)(INITIAL);
    const next = (s: State, more = false) => state.visitNext(hits, more, 1)(s).hover.hit;
    const previous = (s: State, more = false) => state.visitNext(hits, more, -1)(s).hover.hit;
    expect([next(INITIAL), next(at(3)), next(at(90)), next(state.moveTo(50)(INITIAL))]).toEqual([
      3, 50, 3, 50,
    ]);
    expect([previous(at(90)), previous(at(3)), previous(INITIAL)]).toEqual([50, 90, 90]);
    expect(state.visitNext([], false, 1)(INITIAL)).toBe(INITIAL);
    expect(state.visitNext(hits, true, 1)(at(90))).toMatchObject({ hover: { hit: 90 }, foundLimit: 6 });
    expect(previous(at(3), true)).toBe(3);
  });

  it("list as many places as at first for another search", () => {
    const more = state.findMore(50)(state.look({ text: "a" })(INITIAL));
    expect(more.foundLimit).toBe(100);
    expect(state.findMore(50)(more)).toBe(more);
    expect(state.findMore(8000)(more).foundLimit).toBe(10_000);
    for (const other of [{ text: "ab" }, { regex: true }, { matchCase: false }]) {
      expect(state.look(other)(more).foundLimit).toBe(INITIAL.foundLimit);
    }
  });

  it("open a track and close it again", () => {
    const opened = state.openTrack("b")(state.openTrack("a")(INITIAL));
    expect(opened.opened).toEqual(["a", "b"]);
    expect(state.openTrack("a")(opened).opened).toEqual(["b"]);
  });

  it("put in again what was taken out by hand", () => {
    const out = state.toggleCell(5, [5, 6])(brushed);
    expect(state.bringBack(out)).toEqual(brushed);
  });

  it("tell a choice from a look elsewhere", () => {
    expect(state.sameChoice(brushed, state.panBy(7)(brushed))).toBe(true);
    expect(state.sameChoice(brushed, state.setThreshold(0.31)(brushed))).toBe(false);
  });
});
