/**
 * The matches as a table (RFC 4180, UTF-8): a row a match, the request repeated on each, so that files can be put together.
 *
 * Lists (cells, tokens, the values of an annotation) are JSON, so that tokens of any characters come through whole. For
 * the same reason no text of a corpus is ever taken for a formula by a spreadsheet: lists begin with a bracket. A name that
 * could be taken for one is written as JSON as well, in quotation marks; no other name begins with one. Nor does anything
 * that follows a semicolon look like a formula, since some spreadsheets take semicolons for commas.
 */
import type { MatchFile } from "./matches";

const LINE = "\r\n";

export function csvOf({ request, total, matches }: MatchFile): string {
  const tracks = Object.keys(matches[0]?.annotations ?? {});
  const [before, after] = request.constraints;
  const repeated: [string, string][] = [
    ["project", name(request.project)],
    ["source", name(request.source)],
    ["threshold", String(request.activation)],
    ["sides", request.sides],
    ["cells", json(request.cells)],
    ["off_before", String(before)],
    ["off_after", String(after)],
    ["min_length", String(request.min_length)],
    ["phrase_length", String(request.phrase_length)],
    ["match_length", request.match_length ? json(request.match_length) : ""],
    ["total", String(total)],
  ];
  const own = ["rank", "position", "end", "length", "fitting", "union", "before", "tokens", "after"];
  const head = [
    ...repeated.map(([column]) => column),
    ...own,
    ...tracks.map((track) => name(`annotation ${track}`)),
  ];
  const rows = matches.map((match) => [
    ...repeated.map(([, value]) => value),
    ...[match.rank, match.position, match.end, match.length, match.fitting, match.union].map(String),
    ...[match.before, match.tokens, match.after].map(json),
    ...tracks.map((track) => json(match.annotations[track])),
  ]);
  return [head, ...rows].map((row) => row.map(quoted).join(",") + LINE).join("");
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

const name = (text: string): string => (/^[=+\-@\s"]|;\s*[=+\-@]/.test(text) ? json(text) : text);

const json = (value: unknown): string => JSON.stringify(value).replace(/;(?=\s*[=+\-@])/g, "\\u003b");
