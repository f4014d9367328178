import { describe, expect, it } from "vitest";
import type { Source } from "../src/api";
import { groupsOf } from "../src/sources";

const sourcesOf = (types: readonly (readonly [number, string])[]) =>
  types.map(([layer, type]) => ({ layer, type }) as Source);

/** Group by group, its name and those of its members. */
const grouped = (...types: readonly (readonly [number, string])[]) =>
  groupsOf(sourcesOf(types)).map(({ name, members }) => [name, ...members.map((member) => member.name)]);

const GATES = ["input gate", "forget gate", "candidate", "output gate"];

describe("sources", () => {
  it("are together by layer, under the names of their types", () => {
    const kinds = ["hidden", "cell", ...GATES];
    expect(grouped(...[1, 2].flatMap((layer) => kinds.map((kind) => [layer, kind] as const)))).toEqual([
      ["layer 1", ...kinds],
      ["layer 2", ...kinds],
    ]);
  });

  it("are together by module and direction where several quantities of these were recorded", () => {
    const sides = ["forward", "backward"];
    const encoder = sides.flatMap((side) =>
      ["hidden", "forget gate"].map((kind) => [1, `encoder ${kind}, ${side}`] as const),
    );
    expect(grouped(...encoder, [1, "decoder hidden"], [1, "decoder reset gate"], [2, "tags"])).toEqual([
      ["layer 1 · encoder, forward", "hidden", "forget gate"],
      ["layer 1 · encoder, backward", "hidden", "forget gate"],
      ["layer 1 · decoder", "hidden", "reset gate"],
      ["layer 2", "tags"],
    ]);
  });

  it("keep on one line what is only one quantity in two directions, or in two modules", () => {
    expect(grouped([1, "hidden, forward"], [1, "hidden, backward"])).toEqual([
      ["layer 1", "hidden, forward", "hidden, backward"],
    ]);
    expect(grouped([1, "one hidden"], [1, "other hidden"])).toEqual([
      ["layer 1", "one hidden", "other hidden"],
    ]);
  });

  it("are all there, whatever their types are", () => {
    const types = ["a", "a b", "a c", "a, b, c", "a  b", ",", ", b", "日 本"].map(
      (type) => [1, type] as const,
    );
    const sources = sourcesOf(types);
    const members = groupsOf(sources).flatMap((group) => group.members);
    expect(new Set(members.map(({ source }) => source))).toEqual(new Set(sources));
    for (const { name } of members) expect(name).not.toBe("");
  });
});
