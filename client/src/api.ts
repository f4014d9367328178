/** The server's API as functions; types and names as in `lstm_server.yaml`. Fetches, decodes and knows nothing of the page. */
import { decodeNpy, type NdArray } from "./npy";
import type { Constraints, Sides } from "./state";

const ROOT = "api/v2";

export interface Entry {
  readonly project: string;
  readonly info: Info;
}

export interface Info {
  readonly name: string;
  readonly description: string;
  readonly is_searchable: boolean;
  readonly error?: string;
  /** The address of the view to begin with: what follows the `?`, without the project. */
  readonly opening?: string;
  readonly word_sequence: {
    /** Of the longest source where there are no words. */
    readonly size: readonly number[];
    readonly dict_size: number;
    readonly path?: string;
  };
  readonly states: { readonly types: readonly Source[] };
  /** An empty list where there are none. */
  readonly meta: Readonly<Record<string, Meta>> | readonly never[];
}

export interface Source {
  readonly layer: number;
  readonly type: string;
  readonly file: string;
  readonly path: string;
  readonly size: readonly [steps: number, cells: number];
  readonly unsigned: boolean;
  readonly transform: "tanh" | "none";
  /** How much of its match index has been built, 0 to 1; absent where none is being built. */
  readonly indexing?: number;
  /** Why there is none, in the server's words. */
  readonly index_error?: string;
}

export interface Meta {
  readonly type?: string;
  readonly vis?: { readonly type?: string; readonly range?: readonly (string | number)[] };
}

export interface Window {
  readonly pos: number;
  readonly left: number;
  readonly right: number;
}

export type Label = string | number | null;

/** Ranked words, the best first: [position][step][rank]. */
export interface RankedWords {
  readonly words: readonly (readonly (readonly string[])[])[];
  readonly weights: readonly (readonly (readonly (number | null)[])[])[];
}

export interface Context {
  readonly words?: readonly (Window & { readonly words: readonly string[] })[];
  readonly cell_count?: readonly (readonly number[])[];
  readonly sequences?: readonly (readonly number[])[];
  readonly [meta: `meta_${string}`]: readonly (readonly Label[])[] | RankedWords;
}

export interface Matches {
  readonly rankingDetail: readonly { readonly pos: number; readonly factors: readonly number[] }[];
  readonly positionDetail: Context;
  readonly counts: readonly number[];
  readonly fuzzyLengthHistogram: readonly number[];
  readonly strictLengthHistogram: readonly number[];
}

export interface Found {
  readonly index: number;
  /** In tokens. */
  readonly length: number;
  /** The text before what was found, that, and the text after it. */
  readonly parts: readonly [before: string, found: string, after: string];
}

/** The first of the places found, in the order of the corpus, and how many there are in all. */
export interface Findings {
  readonly request: FoundQuery;
  readonly total: number;
  /** Whether that is all; else there are more, which were not counted. */
  readonly complete: boolean;
  readonly res: readonly Found[];
}

export interface FoundQuery {
  readonly project: string;
  readonly q: string;
  readonly kind: "phrase" | "regex";
  readonly case: boolean;
  readonly limit: number;
}

/** What every request about a source says. */
export interface Where {
  readonly project: string;
  readonly source: string;
}

export interface Pattern extends Where {
  readonly activation: number;
  readonly constraints: Constraints;
  readonly sides: Sides;
}

export interface MatchQuery extends Pattern {
  readonly cells: readonly number[];
  readonly left: number;
  readonly right: number;
  readonly dims: readonly string[];
  readonly phrase_length?: number;
  readonly min_length?: number;
  readonly match_length?: readonly [number, number];
  readonly limit: number;
}

/** What the server says is wrong, in its own words. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    message: string,
    readonly status: number,
    /** Seconds after which to ask again; null where asking again does not help. */
    readonly retryAfter: number | null = null,
    /** How much of what has to be done first is done, 0 to 1. */
    readonly progress: number | null = null,
  ) {
    super(message);
  }
}

export const sourceName = ({ file, path }: Source): string => `${file}::${path}`;

const NO_ANNOTATIONS: Readonly<Record<string, Meta>> = {};

export const annotationsOf = ({ meta }: Info): Readonly<Record<string, Meta>> =>
  Array.isArray(meta) ? NO_ANNOTATIONS : (meta as Readonly<Record<string, Meta>>);

/** Whether its steps are words; those of a time series are not. */
export const hasWords = ({ word_sequence: { dict_size: known, path } }: Info): boolean =>
  known > 0 || path !== undefined;

export const fetchInfo = (signal: AbortSignal): Promise<Entry[]> => get("info", {}, signal);

export async function fetchContext(
  query: Where & { pos: number; left: number; right: number; dims: readonly string[] },
  signal: AbortSignal,
): Promise<Context> {
  return (await get<{ results: Context }>("context", { ...query }, signal)).results;
}

/** Stored states, steps x cells, and the position of the first step. */
export async function fetchStates(
  query: Where & { from: number; to: number },
  signal: AbortSignal,
): Promise<NdArray & { from: number }> {
  const response = await request("states", { ...query }, signal);
  const array = await whole(response.arrayBuffer().then(decodeNpy), signal);
  return { ...array, from: Number(response.headers.get("X-From") ?? query.from) };
}

/** For each threshold the stored value from which on a cell is on. */
export async function fetchCuts(query: Where & { activation: readonly number[] }, signal: AbortSignal) {
  return (await get<{ results: { cuts: number[] } }>("cuts", { ...query }, signal)).results.cuts;
}

export async function fetchSelection(query: Pattern & { from: number; to: number }, signal: AbortSignal) {
  return (await get<{ results: { cells: number[] } }>("select", { ...query }, signal)).results.cells;
}

export async function fetchMatches(query: MatchQuery, signal: AbortSignal): Promise<Matches> {
  return (await get<{ results: Matches }>("match", { ...query, page: `${PAGE}.${++matchNumber}` }, signal))
    .results;
}

export const fetchFound = (query: FoundQuery, signal: AbortSignal): Promise<Findings> =>
  get("search", { ...query }, signal);

/** The name under which the server knows this page's matches; another for every tab, also for a duplicated one. */
const PAGE = [...crypto.getRandomValues(new Uint8Array(12))]
  .map((byte) => byte.toString(16).padStart(2, "0"))
  .join("");

/** Numbers this page's matches, so that the server knows the newest also where they arrive in another order. */
let matchNumber = 0;

/** The request as the server understood it, with its defaults. */
export interface MatchRequest extends MatchQuery {
  readonly phrase_length: number;
  readonly min_length: number;
}

/** Matches that no newer ones overtake, and that overtake none. */
export const fetchMatchesApart = (query: MatchQuery, signal: AbortSignal) =>
  get<{ request: MatchRequest; results: Matches }>("match", { ...query }, signal);

/** Where anybody gets these matches. */
export const matchAddress = (query: MatchQuery): string =>
  new URL(`${ROOT}/match?${encode({ ...query })}`, document.baseURI).href;

type Value = string | number | boolean | readonly (string | number)[];

async function get<T>(path: string, query: Record<string, Value>, signal: AbortSignal): Promise<T> {
  return whole((await request(path, query, signal)).json(), signal);
}

/** `body`, or an error for a person where the connection broke or it is not what it should be. */
async function whole<T>(body: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await body;
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError("The server's answer did not arrive whole.", 0);
  }
}

async function request(path: string, query: Record<string, Value>, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${ROOT}/${path}?${encode(query)}`, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError("The server does not answer.", 0);
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** Each item of a list is a parameter of its own where it could hold a comma, that is, unless all are numbers. */
function encode(query: Record<string, Value>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value) && value.some((item) => typeof item === "string")) {
      for (const item of value) parameters.append(name, item);
    } else parameters.append(name, String(value));
  }
  return parameters.toString().replaceAll("%2C", ",");
}

async function errorOf(response: Response): Promise<ApiError> {
  const body: { detail?: string; progress?: number } = await response.json().catch(() => ({}));
  const retryAfter = response.headers.get("Retry-After");
  return new ApiError(
    body.detail ?? `The server answers ${response.status} ${response.statusText}.`,
    response.status,
    retryAfter === null ? null : Number(retryAfter),
    body.progress ?? null,
  );
}
