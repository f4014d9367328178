/** What of an address does not fit the project that it names, in words: links outlive what they lead to. */
import { fromQuery, unreadable } from "./address";
import { counted, formatCount } from "./dom";
import type { Model } from "./model";
import { annotationsIn } from "./state";
import { reachable } from "./thresholds";
import { cellName } from "./views/view";

export type Known = Pick<Model, "total" | "cells" | "annotations" | "source" | "thresholds">;

/** As many cells are named. */
const SOME = 5;

/** One clause each; none where all of `search` is shown as it says. */
export function misfits(search: string, { total, cells, annotations, source, thresholds }: Known): string[] {
  const state = fromQuery(search);
  const { pos, range, constraints, sides, threshold, pinned, added, dropped } = state;
  const said = unreadable(search).map((entry) => `“${entry}” cannot be read`);
  const last = total - 1;
  const positions = `the corpus has ${counted(total, "position")}`;
  if (range && range.to > last) {
    const where = range.from > last ? "lies" : "reaches";
    said.push(
      `the range from ${formatCount(range.from)} to ${formatCount(range.to)} ${where} beyond the end, ${positions}`,
    );
  }
  if (pos > last) said.push(`there is no position ${formatCount(pos)}, ${positions}`);
  if (Math.max(...constraints) > last)
    said.push(`no ${formatCount(Math.max(...constraints))} steps can be off, ${positions}`);
  const ids = [...new Set([...(pinned ?? []), ...added, ...dropped])];
  const absent = ids.filter((id) => id >= (sides === "both" ? 2 * cells : cells));
  if (absent.length) {
    const names = absent.slice(0, SOME).map((id) => (sides === "both" ? cellName(id, cells) : String(id)));
    said.push(
      `there is no cell ${names.join(", ")}${absent.length > SOME ? " and others" : ""}, the source has ${counted(cells, "cell")}`,
    );
  }
  for (const name of annotationsIn(state))
    if (!Object.hasOwn(annotations, name)) said.push(`there is no annotation “${name}”`);
  const nearest = reachable(source?.transform, thresholds)(state).threshold;
  if (nearest !== threshold)
    said.push(`no cell reaches a threshold of ${threshold}, it is ${nearest} instead`);
  return said;
}
