/**
 * The matches as a table (RFC 4180, UTF-8): a row a match, the request repeated on each, so that files can be put together.
 *
 * Lists (cells, tokens, the values of an annotation) are JSON, so that tokens of any characters come through whole. For
 * the same reason no text of a corpus is ever taken for a formula by a spreadsheet: lists begin with a bracket. A name that
 * could be taken for one is written as JSON as well, in quotation marks; no other name begins with one.
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
    ["cells", list(request.cells)],
    ["off_before", String(before)],
    ["off_after", String(after)],
    ["min_length", String(request.min_length)],
    ["phrase_length", String(request.phrase_length)],
    ["match_length", request.match_length ? list(request.match_length) : ""],
    ["total", String(total)],
  ];
  const own = ["rank", "position", "end", "length", "fitting", "union", "before", "tokens", "after"];
  const head = [
    ...repeated.map(([column]) => column),
    ...own,
    ...tracks.map((track) => `annotation ${track}`),
  ];
  const rows = matches.map((match) => [
    ...repeated.map(([, value]) => value),
    ...[match.rank, match.position, match.end, match.length, match.fitting, match.union].map(String),
    ...[match.before, match.tokens, match.after].map(list),
    ...tracks.map((track) => list(match.annotations[track])),
  ]);
  return [head, ...rows].map((row) => row.map(quoted).join(",") + LINE).join("");
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Where a spreadsheet takes semicolons for commas, what follows one may not look like a formula either. */
const list = (items: readonly unknown[]): string => JSON.stringify(items).replace(/;(?=[=+\-@])/g, "\\u003b");

const name = (text: string): string => (/^[=+\-@\s"]/.test(text) ? JSON.stringify(text) : text);
