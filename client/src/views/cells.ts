/** The selected cells as chips, and what selects them: threshold, sides and zero constraints as numbers. */
import { select } from "d3-selection";
import { add, button, counted, element, formatCount, setAttribute } from "../dom";
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

/** So many chips are made before all of them are asked for; as many are seen as there is room for on a line. */
const FIRST_CHIPS = 60;

type History = Pick<Store, "undo" | "redo" | "canUndo" | "canRedo">;

/** `now` gives the model of the present state, which may be ahead of what is drawn. */
export function cells(parent: HTMLElement, emit: Emit, history: History, now: () => Model): Render {
  const root = add(parent, "section", { "data-view": "cells", "aria-label": "Selected cells" });
  const chosen = add(root, "div", { class: "chosen" });
  const count = add(chosen, "span", { class: "count", role: "status" });
  const chips = add(chosen, "span", { class: "chips" });
  const moreButton = button(
    "",
    () => {
      opened = !opened;
      draw();
    },
    { class: "quiet more-chips" },
  );
  const adder = add(chosen, "form", { class: "adder" });
  const added = add(adder, "input", {
    name: "cell",
    autocomplete: "off",
    placeholder: "+ cell",
    "aria-label": "Add a cell by its number",
    "aria-describedby": "cell-refusal",
    title: "Add a cell by its number, with a minus behind it for its negative side",
  });
  const refusal = add(adder, "span", { id: "cell-refusal", class: "problem", role: "alert" });
  const togglePin = () => emit(pin(now().state.pinned ? null : now().selected));
  const pinButton = button("pin", togglePin, { class: "quiet" });
  const clearButton = button("clear", () => emit(clear), {
    class: "quiet",
    title: "Clear the selection (Escape)",
  });
  const undoButton = button("undo", history.undo, {
    class: "quiet",
    title: "Undo the last step (u, Ctrl Z)",
  });
  const takenOut = element("span", { class: "taken-out" });
  const outCount = add(takenOut, "span");
  takenOut.append(button("bring back", () => emit(bringBack), { class: "quiet" }));
  const redoButton = button("redo", history.redo, {
    class: "quiet",
    title: "Do again what was undone (Ctrl Y)",
  });
  const actions = element("span", { class: "actions" }, pinButton, clearButton, undoButton, redoButton);
  adder.before(moreButton);
  chosen.append(takenOut, actions);

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

  adder.addEventListener("submit", (event) => {
    event.preventDefault();
    const id = cellNamed(added.value, model);
    refuse(typeof id === "string" ? id : "");
    if (typeof id === "string") return;
    if (!now().selected.includes(id)) emit(toggleCell(id, now().selected));
    added.value = "";
  });
  added.addEventListener("input", () => refuse(""));

  /** Says beside the field what it takes, where it does not take what is in it. */
  function refuse(why: string): void {
    if (refusal.textContent !== why) refusal.textContent = why;
    setAttribute(added, "aria-invalid", why === "" ? null : "true");
  }

  for (const type of ["pointerover", "focusin"]) {
    chips.addEventListener(type, (event) => emit(point({ cell: cellOf(event) }), "live"));
  }
  for (const type of ["pointerleave", "focusout"]) {
    chips.addEventListener(type, () => emit(point({ cell: null }), "live"));
  }
  chips.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (cell !== null) emit(toggleCell(cell, now().selected));
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
  /** Whether all chips are shown, however many. */
  let opened = false;

  return (next) => {
    model = next;
    const { state, selected, hues, settled } = model;
    const { pinned, range, hover } = state;
    undoButton.disabled = !history.canUndo();
    redoButton.disabled = !history.canRedo();
    if (settingsChanged(state.threshold, state.constraints, state.sides, model.thresholds)) show(model);
    const { width } = model.layout;
    if (changed(selected, model.takenOut, hues, settled, pinned, range, hover.cell, model.cells, width))
      draw();
  };

  function draw(): void {
    const { state, selected, hues } = model;
    const { pinned, range, hover } = state;
    const idle = !range && selected.length === 0;
    count.textContent = idle
      ? "No cells selected"
      : `${counted(selected.length, "cell")}${pinned ? ", pinned" : ""}`;
    count.title = state.followed
      ? "Since you opened one of their matches, and until you brush another range"
      : "";
    pinButton.textContent = pinned ? "unpin" : "pin";
    pinButton.title = pinned
      ? "Let the cells follow the range again"
      : "Keep these cells while the range moves on";
    pinButton.classList.toggle("pressed", pinned !== null);
    // Each keeps its place while there is nothing for it to do, so that the others keep theirs.
    pinButton.style.visibility = selected.length === 0 && !pinned ? "hidden" : "";
    clearButton.style.visibility = idle ? "hidden" : "";
    takenOut.hidden = model.takenOut === 0;
    outCount.textContent = `${model.takenOut} taken out`;
    const shown = opened ? selected : selected.filter((id, i) => i < FIRST_CHIPS || id === hover.cell);
    chips.classList.toggle("opened", opened);
    select(chips)
      .selectAll<HTMLButtonElement, number>("button")
      .data(shown, (id) => id)
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
      .style("--hue", (id) => (hues.has(id) ? `var(--hue-${hues.get(id)})` : "var(--accent)"))
      .filter((id) => id === hover.cell)
      .each(function () {
        const above = this.offsetTop - chips.scrollTop;
        const below = above + this.offsetHeight - chips.clientHeight;
        chips.scrollTop += Math.min(above, Math.max(0, below));
      });
    drawMore();
  }

  /** Says how many cells have no room on the line, and shows them all. */
  function drawMore(): void {
    const { selected } = model;
    const made = [...chips.querySelectorAll("button")];
    const below = made.findIndex((chip) => chip.offsetTop > made[0].offsetTop);
    const left = selected.length - (below < 0 ? made.length : below);
    moreButton.style.visibility = left > 0 ? "" : "hidden";
    moreButton.textContent = opened ? "fewer" : `+${formatCount(left)}`;
    moreButton.title = opened ? "Show only the first cells" : `Show all ${counted(selected.length, "cell")}`;
    moreButton.setAttribute("aria-expanded", String(opened));
  }
}

/** The cell, or the side of one, that `text` names as chips do, a hyphen being as good as a minus; else what is allowed. */
function cellNamed(text: string, { cells, state }: Model): number | string {
  const [, number, minus] = /^\s*(\d+)\s*([-\u2212]?)\s*$/.exec(text) ?? [];
  const cell = number === undefined ? Number.NaN : Number(number);
  if (!(cell < cells)) return `cells 0 to ${cells - 1}`;
  if (minus && state.sides !== "both") return "needs sides ±";
  return minus ? cells + cell : cell;
}

const cellOf = (event: Event): number | null => {
  const chip = (event.target as Element).closest<HTMLElement>("[data-cell]");
  return chip ? Number(chip.dataset.cell) : null;
};
