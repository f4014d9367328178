/** Finds words in the corpus; choosing one of the places goes there. */
import { select } from "d3-selection";
import type { Findings, Found } from "../api";
import { add, button, element, formatCount } from "../dom";
import { watch } from "../memo";
import type { Model } from "../model";
import { FOUND_LIMITS, findMore, look, type Query, visit } from "../state";
import { visibleText } from "../tokens";
import type { View } from "./view";

const HINT = "Words, phrases, or under* for all words that begin so.";
/** Pixels above the end of the list from which on more places are asked for. */
const NEAR_END = 60;

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
    "aria-describedby": "search-hint",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
  });
  const place = add(root, "span", { class: "found-place", role: "status" });
  const popup = add(root, "div", { class: "popup" });
  // Browsers lead Tab to whatever scrolls, unless told not to.
  const list = add(popup, "div", { id: "found", role: "listbox", tabindex: -1, "aria-label": "Places" });
  const foot = add(popup, "div", { class: "foot" });
  const hint = add(foot, "p", { id: "search-hint", class: "note" }, HINT);
  const note = add(foot, "p", { class: "note", role: "status" });
  const caseSwitch = addSwitch(foot, "Aa", "Capitals and small letters differ (Alt C)", "matchCase");
  const regexSwitch = addSwitch(foot, ".*", "Regular expression (Alt R)", "regex");
  popup.hidden = true;
  const changed = watch();
  let model: Model;
  let marked = -1;
  /** Whether Enter was pressed before there was an answer to what had been typed. */
  let entered = false;

  function addSwitch(parent: HTMLElement, label: string, said: string, which: "regex" | "matchCase") {
    const made = button(label, () => flip(which), {
      class: "toggle",
      role: "switch",
      title: said,
      "aria-label": said,
    });
    return parent.appendChild(made);
  }

  function flip(which: "regex" | "matchCase"): void {
    entered = false;
    emit(look({ [which]: !model.state.query[which] }), "live");
  }

  const options = () => [...list.querySelectorAll<HTMLElement>("[role=option]")];

  function mark(index: number): void {
    marked = index;
    input.removeAttribute("aria-activedescendant");
    for (const [i, option] of options().entries()) {
      option.setAttribute("aria-selected", String(i === index));
      if (i !== index) continue;
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    }
  }

  function go({ index }: Found): void {
    emit(visit(index), "jump");
    show(false);
    input.blur();
  }

  function show(open: boolean): void {
    popup.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
  }

  function more(): void {
    const { found } = model;
    if (found && hasMore(found) && !model.stale("found")) emit(findMore(found.res.length), "live");
  }

  const awaited = () => !model.found || !isFor(model.found, { ...model.state.query, text: input.value });

  input.addEventListener("input", () => {
    entered = false;
    emit(look({ text: input.value }), "live");
  });
  input.addEventListener("focus", () => show(true));
  root.addEventListener("focusout", (event) => {
    if (root.contains(event.relatedTarget as Node)) return;
    entered = false;
    show(false);
  });
  // The focus stays where the keys are awaited, whatever is pressed with the mouse.
  popup.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("scroll", () => {
    if (list.scrollTop + list.clientHeight > list.scrollHeight - NEAR_END) more();
  });
  // On press, before the focus leaves the box and the list closes.
  list.addEventListener("pointerdown", (event) => {
    const option = (event.target as Element).closest("[role=option]");
    const item = model.found?.res[options().indexOf(option as HTMLElement)];
    if (!item) return;
    event.preventDefault();
    go(item);
  });
  root.addEventListener("keydown", (event) => {
    // Where words are composed, all keys belong to that.
    if (event.isComposing) return event.stopPropagation();
    const places = model.found?.res ?? [];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    // By what it would type: on some keyboards Alt C is a letter of its own.
    const which = event.altKey && ({ c: "matchCase", r: "regex" } as const)[event.key.toLowerCase()];
    if (which) flip(which);
    else if (event.key === "Escape") (document.activeElement as HTMLElement).blur();
    else if (event.target !== input) return;
    else if (step && places.length && !awaited()) {
      const from = marked < 0 && step < 0 ? 0 : marked;
      mark((from + step + places.length) % places.length);
      if (marked === places.length - 1) more();
    } else if (event.key === "Enter" && input.value !== "") {
      if (awaited()) entered = true;
      else if (places.length) go(places[Math.max(0, marked)]);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  let listed: Query | null = null;
  return (next) => {
    model = next;
    const { state, found, info, source } = model;
    root.hidden = !info?.is_searchable || !source;
    const error = model.error("found");
    const pending = model.stale("found");
    if (!changed(state.query, found, error, pending, state.hover.hit)) return;
    if (document.activeElement !== input) input.value = state.query.text;
    show(root.contains(document.activeElement));
    caseSwitch.setAttribute("aria-checked", String(state.query.matchCase));
    regexSwitch.setAttribute("aria-checked", String(state.query.regex));
    popup.dataset.stale = String(pending);
    select(list)
      .selectAll<HTMLElement, Found>("[role=option]")
      .data(error && awaited() ? [] : (found?.res ?? []))
      .join((enter) => enter.append(() => element("div", { role: "option" })))
      .attr("id", (_, i) => `found-${i}`)
      .attr("data-pos", ({ index }) => index)
      .each(function (item) {
        const [before, hit, after] = item.parts.map(visibleText);
        this.replaceChildren(
          element("span", { class: "faint number" }, formatCount(item.index)),
          // The bidirectional text of its own: cut off at the left, so that what was found is in view.
          // A plain space at its end would be set at its other side.
          element("span", { class: "before" }, element("bdi", {}, before.replace(/ $/, "\u00a0"))),
          element("mark", {}, hit),
          element("span", { class: "after" }, after),
        );
      });
    hint.hidden = state.query.text !== "";
    note.hidden = !hint.hidden;
    note.textContent = error ? error.message : pending && !found ? "" : said(found);
    note.classList.toggle("problem", error !== null);
    place.textContent = placeOf(found, state.hover.hit);
    // More places are more of the same list.
    mark(listed === state.query ? Math.min(marked, (found?.res.length ?? 0) - 1) : -1);
    listed = state.query;
    if (entered && !awaited()) {
      entered = false;
      if (found?.res.length) go(found.res[0]);
    }
  };
};

const isFor = ({ request }: Findings, { text, regex, matchCase }: Query): boolean =>
  request.q === text && (request.kind === "regex") === regex && request.case === matchCase;

const hasMore = ({ total, res }: Findings): boolean => total > res.length && res.length < FOUND_LIMITS[1];

function said(found: Findings | null): string {
  if (!found) return "";
  const { total, complete, res } = found;
  if (total === 0) return "Nothing found.";
  if (!complete) return `the first ${formatCount(res.length)} of more than ${formatCount(total)}`;
  return total > res.length
    ? `the first ${formatCount(res.length)} of ${formatCount(total)}`
    : `${formatCount(total)} in all`;
}

/** Which of the places found is the one visited. */
function placeOf(found: Findings | null, hit: number | null): string {
  const at = found?.res.findIndex(({ index }) => index === hit) ?? -1;
  return found && at >= 0 ? `${formatCount(at + 1)} / ${formatCount(found.total)}` : "";
}
