/** The matches as data: asked for anew, as many as the server gives, with everything that it takes to ask again. */
import {
  type Context,
  fetchMatchesApart,
  type Label,
  type Matches,
  type MatchQuery,
  type MatchRequest,
  matchAddress,
  type RankedWords,
} from "../api";
import { numbersOf } from "../lengths";
import { dimOf, MAX_LIMIT } from "../state";

/** Steps of context before and after a match. */
const AROUND = 10;
/** Of the form of these files; another one where a program that reads them has to be changed. */
const FORMAT = "lstmvis matches 1";

/** Ranked words come as pairs of a word and its weight, the best first. */
export type Value = Label | readonly (readonly [word: string, weight: number | null])[];

export interface Match {
  /** From 1 on. */
  readonly rank: number;
  readonly position: number;
  /** The last position, included. */
  readonly end: number;
  readonly length: number;
  /** Selected cells that fit, |Q|. */
  readonly fitting: number;
  /** Cells that fit or are selected, |P union K|. */
  readonly union: number;
  readonly before: readonly string[];
  readonly tokens: readonly string[];
  readonly after: readonly string[];
  /** One value a step of the match, by the name of the annotation. */
  readonly annotations: Readonly<Record<string, readonly Value[]>>;
}

export interface MatchFile {
  readonly format: string;
  readonly program: string;
  /** The page that shows these matches, and the request that gives them. */
  readonly page: string;
  readonly api: string;
  readonly request: MatchRequest;
  /** How many matches there are of the lengths asked for, of which these are the best. */
  readonly total: number;
  /** Over all matches: entry q of `counts` says how many have q of the cells; entry i of a histogram, how many are i long. */
  readonly counts: readonly number[];
  readonly fuzzyLengthHistogram: readonly number[];
  readonly strictLengthHistogram: readonly number[];
  readonly matches: readonly Match[];
}

/** `shown` is the request whose matches are listed. */
export async function collectMatches(
  shown: MatchQuery,
  page: string,
  tracks: readonly string[],
  signal: AbortSignal,
): Promise<MatchFile> {
  const bare: MatchQuery = { ...shown, limit: MAX_LIMIT, left: 0, right: 0, dims: [] };
  const ranked = await fetchMatchesApart(bare, signal);
  const longest = Math.max(1, ...ranked.results.rankingDetail.map(({ factors }) => factors[2]));
  const dims = [...(shown.dims.includes("words") ? ["words"] : []), ...tracks.map(dimOf)];
  const query: MatchQuery = { ...bare, left: AROUND, right: longest - 1 + AROUND, dims };
  const { request, results: matches } = await fetchMatchesApart(query, signal);
  const { counts, fuzzyLengthHistogram, strictLengthHistogram } = matches;
  return {
    format: FORMAT,
    program: `lstmvis ${__VERSION__}`,
    page,
    api: matchAddress(query),
    request,
    total: numbersOf(matches, request.match_length ?? null).any,
    counts,
    fuzzyLengthHistogram,
    strictLengthHistogram,
    matches: recordsOf(matches, AROUND, tracks),
  };
}

export function recordsOf(
  { rankingDetail, positionDetail: context }: Matches,
  left: number,
  tracks: readonly string[],
): Match[] {
  return rankingDetail.map(({ pos, factors }, row) => {
    const length = factors[2];
    const first = pos - Math.max(0, pos - left);
    const tokens = context.words?.[row]?.words ?? [];
    const over = (name: string) => valuesOf(context, name, row).slice(first, first + length);
    return {
      rank: row + 1,
      position: pos,
      end: pos + length - 1,
      length,
      fitting: factors[6],
      union: factors[5],
      before: tokens.slice(0, first),
      tokens: tokens.slice(first, first + length),
      after: tokens.slice(first + length, first + length + AROUND),
      annotations: Object.fromEntries(tracks.map((name) => [name, over(name)])),
    };
  });
}

function valuesOf(context: Context, name: string, row: number): readonly Value[] {
  const column = context[`meta_${name}`];
  if (Array.isArray(column)) return (column as readonly (readonly Label[])[])[row] ?? [];
  const { words, weights } = column as RankedWords;
  return words[row].map((step, i) =>
    step.map((word, rank) => [word, weights[row]?.[i]?.[rank] ?? null] as const),
  );
}

/** A line a part, and a line a match. */
export function jsonOf({ matches, ...rest }: MatchFile): string {
  const lines = (items: readonly string[]) => items.map((item) => `\n  ${item}`).join(",");
  const parts = Object.entries(rest).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
  const rows = lines(matches.map((match) => JSON.stringify(match)));
  return `{${lines([...parts, `"matches": [${rows}\n  ]`])}\n}\n`;
}
