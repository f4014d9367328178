/** The selected cells as chips, and what selects them: threshold, sides and zero constraints as numbers. */
import { select } from "d3-selection";
import { add, button, counted, element, setAttribute } from "../dom";
import { watch } from "../memo";
import type { Model } from "../model";
import {
  bringBack,
  clear,
  constrain,
  pin,
  point,
  setSides,
  setThreshold,
  type Transition,
  toggleCell,
} from "../state";
import type { Emit, Store } from "../store";
import { cellName, type Render } from "./view";

export function cells(parent: HTMLElement, emit: Emit, history: Pick<Store, "undo" | "canUndo">): Render {
  const root = add(parent, "section", { "data-view": "cells", "aria-label": "Selected cells" });
  const chosen = add(root, "div", { class: "chosen" });
  const count = add(chosen, "span", { class: "count", role: "status" });
  const chips = add(chosen, "span", { class: "chips" });
  const pinButton = button("pin", () => emit(pin(model.state.pinned ? null : model.selected)), {
    class: "quiet",
  });
  const clearButton = button("clear", () => emit(clear), {
    class: "quiet",
    title: "Clear the selection (Escape)",
  });
  const undoButton = button("undo", history.undo, {
    class: "quiet",
    title: "Undo the last step (u, Ctrl Z)",
  });
  const takenOut = element("span", { class: "taken-out" });
  const backButton = button("bring back", () => emit(bringBack), { class: "quiet" });
  chosen.append(takenOut, pinButton, clearButton, undoButton);

  const settings = add(root, "div", { class: "settings" });
  const threshold = numberField(settings, "threshold", "threshold", (value) =>
    setThreshold(Math.min(model.thresholds.max, Math.max(model.thresholds.min, value))),
  );
  const sides = add(
    settings,
    "button",
    {
      type: "button",
      role: "switch",
      class: "toggle",
      "aria-label": "Both sides",
      title: "Also cells at or below minus the threshold; needs a threshold above 0",
    },
    "sides ±",
  );
  sides.addEventListener("click", () => emit(setSides(model.state.sides === "both" ? "positive" : "both")));
  const before = numberField(settings, "off before", "before", (value) => constrain(0, value));
  const after = numberField(settings, "off after", "after", (value) => constrain(1, value));
  for (const field of [before, after]) setAttribute(field, "min", 0);

  /** A field that says what is in the state, except while somebody is writing in it. */
  function numberField(
    parent: HTMLElement,
    label: string,
    name: string,
    change: (value: number) => Transition,
  ) {
    const input = element("input", { type: "number", name, inputmode: "decimal", autocomplete: "off" });
    input.addEventListener("change", () => {
      if (Number.isFinite(input.valueAsNumber)) emit(change(input.valueAsNumber));
      show(model);
    });
    add(parent, "label", { class: "field" }, label, input);
    return input;
  }

  chips.addEventListener("pointerover", (event) => emit(point({ cell: cellOf(event) }), "live"));
  chips.addEventListener("pointerleave", () => emit(point({ cell: null }), "live"));
  chips.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (cell !== null) emit(toggleCell(cell, model.selected));
  });

  function show({ state, thresholds }: Model): void {
    const fields: [HTMLInputElement, number][] = [
      [threshold, state.threshold],
      [before, state.constraints[0]],
      [after, state.constraints[1]],
    ];
    for (const [field, value] of fields) {
      if (field !== document.activeElement || field.valueAsNumber !== value) field.value = String(value);
    }
    for (const [name, value] of Object.entries(thresholds))
      setAttribute(threshold, name === "step" ? "step" : name, value);
    sides.setAttribute("aria-checked", String(state.sides === "both"));
    sides.disabled = !(state.threshold > 0);
  }

  const changed = watch();
  const settingsChanged = watch();
  let model: Model;

  return (next) => {
    model = next;
    const { state, selected, hues, settled } = model;
    undoButton.disabled = !history.canUndo();
    if (settingsChanged(state.threshold, state.constraints, state.sides, model.thresholds)) show(model);
    const { pinned, range, hover } = state;
    if (!changed(selected, model.takenOut, hues, settled, pinned, range, hover.cell, model.cells)) return;
    const idle = !range && selected.length === 0;
    count.textContent = idle
      ? "No cells selected"
      : `${counted(selected.length, "cell")}${pinned ? ", pinned" : ""}`;
    pinButton.textContent = pinned ? "unpin" : "pin";
    pinButton.title = pinned
      ? "Let the cells follow the range again"
      : "Keep these cells while the range moves on";
    pinButton.classList.toggle("pressed", pinned !== null);
    pinButton.hidden = selected.length === 0 && !pinned;
    clearButton.hidden = idle;
    takenOut.hidden = model.takenOut === 0;
    takenOut.replaceChildren(`${model.takenOut} taken out`, backButton);
    select(chips)
      .selectAll<HTMLButtonElement, number>("button")
      .data(selected, (id) => id)
      .join((enter) =>
        enter
          .append("button")
          .attr("type", "button")
          .attr("data-cell", (id) => id),
      )
      .order()
      .text((id) => cellName(id, model.cells))
      .attr("aria-label", (id) => `Drop cell ${cellName(id, model.cells)}`)
      .classed("hover", (id) => id === hover.cell)
      .style("--hue", (id) => (hues.has(id) ? `var(--hue-${hues.get(id)})` : "var(--accent)"));
  };
}

const cellOf = (event: Event): number | null => {
  const chip = (event.target as Element).closest<HTMLElement>("[data-cell]");
  return chip ? Number(chip.dataset.cell) : null;
};
