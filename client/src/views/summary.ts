/** Above the matches: how many there are, and which of them are listed. */
import { sum } from "d3-array";
import { add, button, element, formatCount } from "../dom";
import { watch } from "../memo";
import type { Model } from "../model";
import { keepLengths, type LengthRule, setLengthRule } from "../state";
import { histogram } from "./histogram";
import type { View } from "./view";

const RULES: readonly [LengthRule, string][] = [
  ["any", "any"],
  ["same", "same"],
  ["atLeast", "at least"],
];

export const summary: View = (parent, emit) => {
  const root = add(parent, "div", { class: "summary" });
  add(root, "h2", {}, "Matches");
  const totals = add(root, "p", { class: "totals", role: "status" });
  const rule = add(
    root,
    "div",
    { class: "segments", role: "radiogroup", "aria-label": "Length of the matches" },
    element("span", {}, "length"),
  );
  for (const [value, label] of RULES) {
    const input = element("input", { type: "radio", name: "length-rule", value });
    input.addEventListener("change", () => emit(setLengthRule(value)));
    add(rule, "label", {}, input, element("span", {}, label));
  }
  const drawHistogram = histogram(root, emit);
  const filter = add(root, "span", { class: "filter" });
  const changed = watch();

  return (model: Model) => {
    const { matches, state } = model;
    drawHistogram(model);
    totals.dataset.stale = String(model.stale("matches"));
    if (!changed(matches, state.lengthRule, state.lengths)) return;
    for (const input of rule.querySelectorAll("input")) input.checked = input.value === state.lengthRule;
    totals.textContent = matches ? totalsOf(matches.matches.counts) : "";
    filter.replaceChildren();
    if (state.lengths) {
      const [low, high] = state.lengths;
      const label =
        low === high
          ? `only length ${low}`
          : high > 1e9
            ? `only from length ${low}`
            : `only lengths ${low} to ${high}`;
      filter.append(
        label,
        button("×", () => emit(keepLengths(null)), { class: "quiet", "aria-label": "All lengths" }),
      );
    }
  };
};

function totalsOf(counts: readonly number[]): string {
  const cells = counts.length - 1;
  const all = formatCount(counts[cells]);
  if (cells === 1) return `${all} of the one cell`;
  return `${all} of all ${formatCount(cells)} cells · ${formatCount(sum(counts))} of any`;
}
