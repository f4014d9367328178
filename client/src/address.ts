/**
 * The address bar as a function of the state, and back.
 *
 * What has its default value is left out; zero is a value like any other. What cannot be read is taken as left out, so
 * that an address typed by hand still opens; `unreadable` says what that is.
 */
import { COLUMN_WIDTHS, having, INITIAL, MAX_LIMIT, type Range, type State } from "./state";

/** How one field is written into the query, one entry a parameter, and read from it; undefined: not readable. */
interface Field<T> {
  name: string;
  write: (value: T) => string[];
  read: (entries: string[]) => T | undefined;
}

const text = (name: string): Field<string> => ({ name, write: (value) => [value], read: ([entry]) => entry });

/** A number within `least` and `most`; only whole ones where `whole`. */
const number = (
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
  whole = true,
): Field<number> => ({
  name,
  write: (value) => [String(value)],
  read: ([entry]) => parseNumber(entry, least, most, whole),
});

const integers = (name: string): Field<readonly number[]> => ({
  name,
  write: (value) => [value.join(",")],
  read: ([entry]) => parseIntegers(entry),
});

const choice = <T extends string>(name: string, allowed: readonly T[]): Field<T> => ({
  name,
  write: (value) => [value],
  read: ([entry]) => allowed.find((value) => value === entry),
});

const flag = (name: string): Field<boolean> => ({
  name,
  write: () => ["1"],
  read: ([entry]) => (entry === "1" ? true : entry === "0" ? false : undefined),
});

/** Two whole numbers, the first at least `least` and, where `ordered`, not above the second. */
const pair = (name: string, least: number, ordered: boolean): Field<readonly [number, number]> => ({
  name,
  write: (value) => [value.join(",")],
  read: ([entry]) => {
    const numbers = parseIntegers(entry);
    if (numbers?.length !== 2 || Math.min(...numbers) < least) return undefined;
    const [first, second] = numbers as [number, number];
    return ordered && first > second ? undefined : [first, second];
  },
});

const range: Field<Range> = {
  name: "range",
  write: ({ from, to }) => [`${from},${to}`],
  read: (entries) => {
    const ends = pair("range", 0, true).read(entries);
    return ends && { from: ends[0], to: ends[1] };
  },
};

/** A list of different names; an empty list is written as one empty name, since no parameter at all means the default. */
const names = (name: string): Field<readonly string[]> => ({
  name,
  write: (names) => (names.length ? [...names] : [""]),
  read: (entries) => [...new Set(entries)].filter((entry) => entry !== ""),
});

/**
 * The fields in the address; what is not here is not worth sending to somebody else. Null is always the default where
 * a field can be null, so it is never written.
 */
const FIELDS: {
  [K in Exclude<keyof State, "hover" | "query" | "foundLimit">]: Field<Exclude<State[K], null>>;
} = {
  project: text("project"),
  source: text("source"),
  pos: number("pos", 0),
  columnWidth: number("width", ...COLUMN_WIDTHS),
  threshold: number("threshold", -Number.MAX_VALUE, Number.MAX_VALUE, false),
  range,
  constraints: pair("off", 0, false),
  sides: choice("sides", ["positive", "both"]),
  pinned: integers("cells"),
  followed: flag("followed"),
  added: integers("add"),
  dropped: integers("drop"),
  tracks: names("track"),
  opened: names("open"),
  masked: flag("mask"),
  lengthRule: choice("length", ["any", "same", "atLeast"]),
  lengths: pair("lengths", 1, true),
  limit: number("limit", 1, MAX_LIMIT),
  projected: text("colour"),
};

export function toQuery(state: State): string {
  const query = new URLSearchParams();
  for (const [key, field] of fields()) {
    if (having(INITIAL, { [key]: state[key] }) === INITIAL) continue;
    for (const entry of field.write(state[key])) query.append(field.name, entry);
  }
  return `?${query}`;
}

export function fromQuery(search: string): State {
  const query = new URLSearchParams(search);
  const state: Record<string, unknown> = { ...INITIAL };
  for (const [key, field] of fields()) {
    if (!query.has(field.name)) continue;
    const value = field.read(query.getAll(field.name));
    if (value !== undefined) state[key] = value;
  }
  const read = state as unknown as State;
  return read.sides === "both" && !(read.threshold > 0) ? { ...read, sides: "positive" } : read;
}

/** What of an address is taken as left out, as it is written there but for its percent signs. */
export function unreadable(search: string): string[] {
  const query = new URLSearchParams(search);
  const refused = fields()
    .filter(([, { name, read }]) => query.has(name) && read(query.getAll(name)) === undefined)
    .map(([, { name }]) => `${name}=${query.get(name)}`);
  const both = query.get("sides") === "both" && fromQuery(search).sides !== "both";
  return both ? [...refused, "sides=both"] : refused;
}

const fields = () => Object.entries(FIELDS) as [keyof typeof FIELDS, Field<unknown>][];

function parseNumber(
  entry: string | undefined,
  least: number,
  most: number,
  whole: boolean,
): number | undefined {
  const value = entry?.trim() ? Number(entry) : Number.NaN;
  return value >= least && value <= most && (!whole || Number.isInteger(value)) ? value : undefined;
}

/** Whole numbers from 0 on, or undefined where one of them is not. */
function parseIntegers(entry: string | undefined): number[] | undefined {
  if (entry === undefined) return undefined;
  if (entry === "") return [];
  const numbers = entry.split(",").map((part) => parseNumber(part, 0, Number.MAX_SAFE_INTEGER, true));
  return numbers.every((n) => n !== undefined) ? numbers : undefined;
}
