/** Finds words in the corpus; choosing one of the places goes there. */
import { select } from "d3-selection";
import type { Found } from "../api";
import { add, element, formatCount } from "../dom";
import { watch } from "../memo";
import type { Model } from "../model";
import { look, visit } from "../state";
import type { View } from "./view";

/** Columns left of a place that was found. */
const LEAD = 5;

export const search: View = (parent, emit) => {
  const root = add(parent, "div", { "data-view": "search", role: "search" });
  const input = add(root, "input", {
    type: "search",
    name: "search",
    placeholder: "search  /",
    autocomplete: "off",
    spellcheck: "false",
    role: "combobox",
    "aria-label": "Search the corpus",
    "aria-controls": "found",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
  });
  const list = add(root, "div", { id: "found", role: "listbox", class: "popup", "aria-label": "Places" });
  list.hidden = true;
  const changed = watch();
  let model: Model;
  let marked = -1;

  const options = () => [...list.querySelectorAll<HTMLElement>("[role=option]")];

  function mark(index: number): void {
    marked = index;
    options().forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === index));
      if (i !== index) return;
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    });
  }

  function go(found: Found): void {
    emit(visit(found.index, LEAD), "jump");
    close();
    input.blur();
  }

  function close(): void {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  }

  input.addEventListener("input", () => emit(look(input.value), "live"));
  input.addEventListener("focus", () => {
    if (model.state.query !== "") list.hidden = false;
  });
  root.addEventListener("focusout", (event) => {
    if (!root.contains(event.relatedTarget as Node)) close();
  });
  input.addEventListener("keydown", (event) => {
    const found = model.found ?? [];
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && found.length) mark((marked + steps[event.key] + found.length) % found.length);
    else if (event.key === "Enter" && found.length) go(found[Math.max(0, marked)]);
    else if (event.key === "Escape") {
      close();
      input.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return (next) => {
    model = next;
    const { state, found, info, source } = model;
    root.hidden = !info?.is_searchable || !source;
    const error = model.error("found");
    const pending = model.stale("found");
    if (!changed(state.query, found, error, pending)) return;
    const open = state.query !== "" && document.activeElement === input;
    list.hidden = !open;
    list.dataset.stale = String(pending);
    input.setAttribute("aria-expanded", String(open));
    const message = error ? error.message : found?.length === 0 && !pending ? "Nothing found." : "";
    select(list)
      .selectAll<HTMLElement, Found>("[role=option]")
      .data(error ? [] : (found ?? []))
      .join((enter) => enter.append(() => element("div", { role: "option" })))
      .attr("id", (_, i) => `found-${i}`)
      .attr("data-pos", ({ index }) => index)
      .each(function (item) {
        this.replaceChildren(
          element("span", { class: "faint number" }, formatCount(item.index)),
          element("span", { class: "snippet" }, ...emphasised(item.text, state.query)),
        );
        // On press, before the focus leaves the box and the list closes.
        this.onpointerdown = (event) => {
          event.preventDefault();
          go(item);
        };
      });
    list.querySelector(".note")?.remove();
    if (message) add(list, "p", { class: "note" }, message);
    mark(-1);
  };
};

/** `text` with the first occurrence of `query` marked. */
function emphasised(text: string, query: string): (Node | string)[] {
  const at = text.indexOf(query.trim());
  if (at < 0 || query.trim() === "") return [text];
  const end = at + query.trim().length;
  return [text.slice(0, at), element("mark", {}, text.slice(at, end)), text.slice(end)];
}
