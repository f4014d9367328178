import { describe, expect, it } from "vitest";
import { fromQuery } from "../src/address";
import type { Entry } from "../src/api";
import { INITIAL } from "../src/state";
import { mainLink } from "../src/views/projects";

const entry = (project: string, opening?: string) => ({ project, info: { opening } }) as Entry;

describe("the main link of a project", () => {
  it("leads to the view with which it opens", () => {
    const opening = "source=states::layer1/cell&pos=70&threshold=0.5&range=75,80&off=1,0&track=chunk";
    expect(fromQuery(mainLink(entry("a b&c", opening)))).toEqual({
      ...INITIAL,
      project: "a b&c",
      source: "states::layer1/cell",
      pos: 70,
      threshold: 0.5,
      range: { from: 75, to: 80 },
      tracks: ["chunk"],
    });
  });

  it("leads to its beginning where there is none", () => {
    expect(mainLink(entry("a b&c"))).toBe("?project=a+b%26c");
  });
});
