import { describe, expect, it } from "vitest";
import { fromQuery, toQuery } from "../src/address";
import { INITIAL, type State } from "../src/state";
import { randoms } from "./randoms";

const round = (state: State) => fromQuery(toQuery(state));
const having = (change: Partial<State>): State => ({ ...INITIAL, project: "p", ...change });

describe("the address", () => {
  it("leaves defaults out", () => {
    expect(toQuery(having({}))).toBe("?project=p");
  });

  it.each<[string, Partial<State>]>([
    ["threshold 0", { threshold: 0 }],
    ["a threshold below 0 that is on no grid", { threshold: -0.1234567890123 }],
    ["a range at position 0", { range: { from: 0, to: 0 } }],
    ["constraints of 0", { constraints: [0, 0] }],
    ["cell 0, pinned, added or dropped", { pinned: [0], added: [0], dropped: [0] }],
    ["cells pinned by following a match", { pinned: [3], followed: true }],
    ["no pinned cell at all", { pinned: [] }],
    ["no track at all", { tracks: [] }],
    ["tracks whose names hold commas and spaces", { tracks: ["a,b", "c d", "&=?#"] }],
    ["no colour on the words", { projected: "" }],
    ["the mask", { masked: true }],
    ["opened tracks", { opened: ["a,b", "loss"] }],
    ["names with any characters", { project: "a/b c&d=é?#%+", source: "f::x/y z,w" }],
    ["lengths", { lengthRule: "atLeast", lengths: [3, 2147483647], limit: 1000 }],
  ])("keeps %s", (_, change) => {
    expect(round(having(change))).toEqual(having(change));
  });

  it("takes what cannot be read as left out", () => {
    const query =
      "?project=p&pos=-1&threshold=x&range=5,2&off=1&sides=left&cells=1,,2&length=long&lengths=0,3&limit=0&width=1e9&mask=yes";
    expect(fromQuery(query)).toEqual(having({}));
    expect(fromQuery("?project=p&pos=1.5&threshold=&range=1,2,3&lengths=4&add=-1")).toEqual(having({}));
  });

  it("has every track once", () => {
    expect(fromQuery("?project=p&track=a&track=b&track=a&open=b&open=b")).toEqual(
      having({ tracks: ["a", "b"], opened: ["b"] }),
    );
  });

  it("has both sides only above threshold 0", () => {
    expect(fromQuery("?threshold=0&sides=both").sides).toBe("positive");
    expect(fromQuery("?threshold=0.1&sides=both").sides).toBe("both");
  });

  it("does not carry what one points at or types", () => {
    expect(
      toQuery(
        having({
          query: { text: "cat", regex: true, matchCase: false },
          foundLimit: 100,
          hover: { pos: 1, cell: 2, rank: 3, hit: 4 },
        }),
      ),
    ).toBe("?project=p");
  });

  it("brings back every state", () => {
    const random = randoms(5);
    const cells = () => Array.from({ length: random.below(4) }, () => random.below(1000));
    const maybe = <T>(value: T): T | null => (random.below(2) ? value : null);
    for (let trial = 0; trial < 500; trial++) {
      const from = random.below(1000);
      const sides = random.pick<State["sides"]>(["positive", "both"]);
      const state = having({
        source: random.pick(["", "states::a", "ü::/b,c"]),
        pos: random.below(1e6),
        columnWidth: maybe(7 + random.below(190)),
        threshold: sides === "both" ? (1 + random.below(98)) / 100 : (random.below(199) - 99) / 100,
        range: maybe({ from, to: from + random.below(20) }),
        constraints: [random.below(3), random.below(300)],
        sides,
        pinned: maybe(cells()),
        followed: random.below(2) === 1,
        added: cells(),
        dropped: cells(),
        tracks: maybe(["pos", "a b"].slice(random.below(3))),
        lengthRule: random.pick<State["lengthRule"]>(["any", "same", "atLeast"]),
        lengths: maybe<[number, number]>([1 + random.below(5), 10]),
        limit: 1 + random.below(1000),
        masked: random.below(2) === 1,
        opened: ["pos", "a b"].slice(random.below(3)),
        projected: random.pick(["", "cell_count", "meta_a b"]),
      });
      expect(round(state)).toEqual(state);
    }
  });
});
