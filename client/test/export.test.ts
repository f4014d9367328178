import { describe, expect, it } from "vitest";
import type { Matches } from "../src/api";
import { colourOf } from "../src/export/colour";
import { csvOf } from "../src/export/csv";
import { jsonOf, type MatchFile, recordsOf } from "../src/export/matches";
import { SCALE, scaleOf } from "../src/export/raster";
import { fileStem } from "../src/export/save";
import { INITIAL } from "../src/state";

/** What RFC 4180 says a file holds. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.split(/\r\n(?=(?:[^"]*"[^"]*")*[^"]*$)/).slice(0, -1)) {
    const cells = line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)?.slice(0, -1) ?? [];
    rows.push(
      [...cells, line.slice(cells.join("").length)].map((cell) => {
        const bare = cell.replace(/,$/, "");
        return bare.startsWith('"') ? bare.slice(1, -1).replaceAll('""', '"') : bare;
      }),
    );
  }
  return rows;
}

const ODD = ["=1+1", "+2", "-3", "@x", "\t", "\n", '"', "a,b", "a;=1", ";", "'", "日本語", "\u0000", ""];

const file = (change: Partial<MatchFile> = {}): MatchFile => ({
  format: "lstmvis matches 1",
  program: "lstmvis",
  page: "http://host/?project=p",
  api: "http://host/api/v2/match",
  request: {
    project: "p",
    source: "states::s",
    cells: [3, 17],
    activation: -0.25,
    constraints: [1, 0],
    sides: "positive",
    limit: 1000,
    left: 10,
    right: 12,
    dims: ["words", "meta_kind"],
    min_length: 1,
    phrase_length: 0,
  },
  total: 2,
  counts: [0, 1, 1],
  fuzzyLengthHistogram: [0, 2],
  strictLengthHistogram: [0, 1],
  matches: [1, 2].map((rank) => ({
    rank,
    position: 10 * rank,
    end: 10 * rank + 1,
    length: 2,
    fitting: 2,
    union: 4,
    before: ODD,
    tokens: [...ODD].reverse(),
    after: [],
    annotations: { kind: ["=A1", null, 3], top: [[["x", 0.5]]] },
  })),
  ...change,
});

const tableOf = (given: MatchFile) => {
  const [head, ...rows] = parseCsv(csvOf(given));
  return rows.map((row) => Object.fromEntries(head.map((column, i) => [column, row[i]])));
};

describe("the table of matches", () => {
  it("has a row a match, with the request on each", () => {
    const rows = tableOf(file());
    expect(rows).toHaveLength(2);
    for (const [i, row] of rows.entries()) {
      expect(row).toMatchObject({
        project: "p",
        source: "states::s",
        threshold: "-0.25",
        sides: "positive",
        cells: "[3,17]",
        off_before: "1",
        off_after: "0",
        min_length: "1",
        phrase_length: "0",
        match_length: "",
        total: "2",
        rank: String(i + 1),
        position: String(10 * (i + 1)),
      });
    }
  });

  it("gives tokens and values of annotations back as they are, whatever they hold", () => {
    const [row] = tableOf(file());
    expect(JSON.parse(row.before)).toEqual(ODD);
    expect(JSON.parse(row.tokens)).toEqual([...ODD].reverse());
    expect(JSON.parse(row["annotation kind"])).toEqual(["=A1", null, 3]);
    expect(JSON.parse(row["annotation top"])).toEqual([[["x", 0.5]]]);
  });

  it.each(["=cmd()", "+1", "-1", "@x", "\tx", '"quoted"', " x"])(
    "never has the name %j taken for a formula",
    (odd) => {
      const [row] = tableOf(file({ request: { ...file().request, project: odd } }));
      expect(row.project).toBe(JSON.stringify(odd));
    },
  );

  it("has no cell that a spreadsheet takes for a formula, also where it takes semicolons for commas", () => {
    const odd = "a; =1;+2;@x";
    const named = file({
      request: { ...file().request, project: odd },
      matches: file().matches.map((match) => ({ ...match, annotations: { [odd]: ODD } })),
    });
    expect(JSON.parse(tableOf(named)[0].project)).toBe(odd);
    for (const row of [...parseCsv(csvOf(file())), ...parseCsv(csvOf(named))]) {
      for (const cell of row) {
        for (const part of cell.split(";")) {
          expect(/^\s*[=+@]/.test(part)).toBe(false);
          expect(part.startsWith("-") && Number.isNaN(Number(part))).toBe(false);
        }
      }
    }
  });
});

it("the JSON of matches is what was collected", () => {
  expect(JSON.parse(jsonOf(file()))).toEqual(file());
  expect(JSON.parse(jsonOf(file({ matches: [] })))).toEqual(file({ matches: [] }));
});

it("a match at the start of the corpus has less before it, and ranked words keep their weights", () => {
  const matches: Matches = {
    rankingDetail: [
      { pos: 1, factors: [1, 0, 2, 1, 0, 5, 3] },
      { pos: 20, factors: [20, 0, 1, 1, 0, 5, 3] },
    ],
    positionDetail: {
      words: [
        { pos: 1, left: 0, right: 3, words: ["a", "b", "c", "d"] },
        { pos: 20, left: 18, right: 21, words: ["e", "f", "g", "h"] },
      ],
      meta_top: {
        words: [
          [["x"], ["y"], ["z"], ["w"]],
          [["x"], ["y"], ["z"], ["w"]],
        ],
        weights: [
          [[0.1], [0.2], [null], [0.4]],
          [[0.1], [0.2], [0.3], [0.4]],
        ],
      },
    },
    counts: [0, 2],
    fuzzyLengthHistogram: [],
    strictLengthHistogram: [],
  };
  const [first, second] = recordsOf(matches, 2, ["top"]);
  expect(first).toMatchObject({
    rank: 1,
    position: 1,
    end: 2,
    before: ["a"],
    tokens: ["b", "c"],
    after: ["d"],
  });
  expect(first.annotations.top).toEqual([[["y", 0.2]], [["z", null]]]);
  expect(second).toMatchObject({
    rank: 2,
    position: 20,
    end: 20,
    before: ["e", "f"],
    tokens: ["g"],
    after: ["h"],
  });
  expect(second).toMatchObject({ length: 1, fitting: 3, union: 5 });
});

it("a file is named after project and range, with nothing in it that a file name can't hold", () => {
  expect(fileStem({ ...INITIAL, project: "a/b:c?", range: { from: 3, to: 9 } })).toBe("a_b_c_-3-9");
  expect(fileStem({ ...INITIAL, project: "日本", pinned: [3] })).toBe("日本-pinned");
  expect(fileStem({ ...INITIAL, project: "p", pos: 7 })).toBe("p-7");
});

it("colours are read in every notation that computed styles have", () => {
  expect(colourOf("rgb(1, 2, 3)")).toEqual({ solid: "rgb(1,2,3)", opacity: 1 });
  expect(colourOf("rgba(1, 2, 3, 0.5)")).toEqual({ solid: "rgb(1,2,3)", opacity: 0.5 });
  expect(colourOf("color(srgb 1 0.5 0 / 0.25)")).toEqual({ solid: "rgb(255,128,0)", opacity: 0.25 });
  expect(colourOf("color(srgb 1 -1e-7 0)")).toEqual({ solid: "rgb(255,0,0)", opacity: 1 });
  expect(colourOf("rgba(0, 0, 0, 0)")).toBeNull();
  expect(colourOf("none")).toBeNull();
});

it("a picture in pixels is twice as fine as the page, or as fine as a browser can draw", () => {
  expect(scaleOf(1400, 900)).toBe(SCALE);
  expect(Math.round(24_500 * scaleOf(1400, 24_500))).toBe(32_767);
  const wide = scaleOf(16_000, 8_000);
  expect(16_000 * 8_000 * wide ** 2).toBeCloseTo(2 ** 28, -2);
});
