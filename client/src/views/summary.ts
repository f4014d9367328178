/** Above the matches: how many there are, and which of them are listed. */
import type { Matches } from "../api";
import { add, counted, element, formatCount } from "../dom";
import { numbersOf } from "../lengths";
import { watch } from "../memo";
import type { Model } from "../model";
import { type LengthRule, setLengthRule, toggleMask } from "../state";
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
  const mask = add(
    root,
    "button",
    {
      type: "button",
      role: "switch",
      class: "toggle",
      title:
        "Colour annotations, in the tracks and in the matches, only where selected cells are on: the paler, the fewer (m)",
    },
    "mask",
  );
  mask.addEventListener("click", () => emit(toggleMask));
  const drawHistogram = histogram(root, emit);
  const changed = watch();

  return (model: Model) => {
    const { matches, state } = model;
    root.hidden = model.absent;
    drawHistogram(model);
    root.dataset.busy = String(model.stale("matches"));
    totals.dataset.stale = String(model.outdated);
    const any = model.selected.length > 0;
    const maskable = any && model.tracks.length > 0;
    if (!changed(matches, state.lengthRule, state.masked, any, maskable)) return;
    rule.hidden = !any;
    mask.setAttribute("aria-checked", String(state.masked));
    mask.hidden = !maskable;
    for (const input of rule.querySelectorAll("input")) input.checked = input.value === state.lengthRule;
    totals.textContent = matches ? totalsOf(matches.matches) : "";
    totals.title = totals.textContent;
  };
};

function totalsOf(matches: Matches): string {
  const cells = matches.counts.length - 1;
  const { all, any } = numbersOf(matches, null);
  if (cells === 1) return counted(all, "match", "matches");
  return `${counted(all, "match", "matches")} with all ${formatCount(cells)} cells · ${formatCount(any)} with any`;
}
