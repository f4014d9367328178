/** The menu that takes something away from the page: pictures, the matches as data, the address. */
import { toQuery } from "../address";
import { add, button, element, formatCount, setAttribute } from "../dom";
import { csvOf } from "../export/csv";
import { collectMatches, jsonOf, type MatchFile } from "../export/matches";
import { pictureOf } from "../export/picture";
import { pngOf, SCALE } from "../export/raster";
import { fileStem, save } from "../export/save";
import type { Model } from "../model";
import type { Render } from "./view";

interface Item {
  readonly label: string;
  readonly detail: string;
  /** Whether there have to be matches. */
  readonly matches: boolean;
  /** Does it, and gives what there is to say about it afterwards. */
  readonly act: () => Promise<string | Node>;
}

const NEVER = new AbortController().signal;

/** `page` is what pictures are taken of. */
export function exportMenu(parent: HTMLElement, page: HTMLElement): Render {
  const root = add(parent, "div", { "data-view": "export" });
  const opener = button("⤓", () => (menu.hidden ? open() : close()), {
    class: "quiet",
    "aria-label": "Export",
    title: "Save or share what is shown",
    "aria-haspopup": "menu",
    "aria-expanded": "false",
    "aria-controls": "export-menu",
  });
  root.append(opener);
  const menu = add(root, "div", { id: "export-menu", class: "popup", role: "menu", "aria-label": "Export" });
  const message = add(root, "div", { class: "popup export-message", role: "status" });
  menu.hidden = true;
  message.hidden = true;
  let model: Model;

  /** Of what is shown, with the width that the first words met here gave its columns: others may meet other ones. */
  function address(): string {
    const { state, layout, characters } = model;
    const shown = characters ? state : { ...state, columnWidth: layout.columnWidth };
    return new URL(toQuery(shown), location.href).href;
  }

  const picture = () => pictureOf(page, document.title, address());
  const items: readonly Item[] = [
    {
      label: "Picture, SVG",
      detail: "the whole page, to scale and to edit",
      matches: false,
      act: () => keep("svg", new Blob([picture().svg], { type: "image/svg+xml" })),
    },
    {
      label: "Picture, PNG",
      detail: "the same in pixels, twice as fine",
      matches: false,
      act: keepPng,
    },
    {
      label: "Matches, CSV",
      detail: "a table, a row a match",
      matches: true,
      act: () => keepMatches("csv", "text/csv;charset=utf-8", csvOf),
    },
    {
      label: "Matches, JSON",
      detail: "with the request and the totals",
      matches: true,
      act: () => keepMatches("json", "application/json", jsonOf),
    },
    { label: "Copy link", detail: "to exactly this view", matches: false, act: copyLink },
  ];

  const buttons = items.map((item) => {
    const made = button(item.label, () => void run(item), { role: "menuitem", tabindex: -1 });
    made.append(element("span", { class: "faint" }, item.detail));
    menu.append(made);
    return made;
  });

  /** Named after what is shown now, however long the content takes. */
  async function keep(
    kind: string,
    content: Blob | Promise<Blob>,
    stem = fileStem(model.state),
  ): Promise<string> {
    const name = `${stem}.${kind}`;
    save(name, await content);
    return `Saved as ${name}.`;
  }

  async function keepPng(): Promise<string> {
    const stem = fileStem(model.state);
    const { png, scale } = await pngOf(picture());
    const saved = await keep("png", png, stem);
    if (scale === SCALE) return saved;
    return `${saved} It is drawn at ${scale.toFixed(2)} instead of ${SCALE} times the size of the page, since browsers draw no larger picture; the SVG has no limit.`;
  }

  async function keepMatches(
    kind: string,
    type: string,
    write: (file: MatchFile) => string,
  ): Promise<string> {
    const { matches, tracks, state } = model;
    if (!matches || !hasMatches()) return "There are no matches.";
    if (model.stale("matches")) return "The matches are still being found; save them when they are listed.";
    const error = model.error("matches");
    if (error) throw error;
    const stem = `${fileStem(state)}-matches`;
    const file = await collectMatches(matches.query, address(), tracks, NEVER);
    const saved = await keep(kind, new Blob([write(file)], { type }), stem);
    return `${saved} It holds ${formatCount(file.matches.length)} of ${formatCount(file.total)} matches.`;
  }

  async function copyLink(): Promise<string | Node> {
    const link = address();
    try {
      await navigator.clipboard.writeText(link);
      return "The link is copied.";
    } catch {
      // Only pages of this machine and those with https may write to the clipboard.
      const field = element("input", { readonly: true, value: link });
      field.addEventListener("focus", () => field.select());
      return element("label", {}, "Copy this link: ", field);
    }
  }

  async function run(item: Item): Promise<void> {
    close();
    say("Saving …");
    // The menu is gone and the word is there before the work begins: a frame later, and after it is painted.
    await new Promise(requestAnimationFrame);
    await new Promise((resume) => setTimeout(resume));
    try {
      say(await item.act());
    } catch (error) {
      say(element("span", { class: "problem" }, error instanceof Error ? error.message : String(error)));
    }
    message.querySelector("input")?.focus();
  }

  function say(what: string | Node): void {
    message.replaceChildren(what);
    message.hidden = false;
  }

  function open(): void {
    message.hidden = true;
    buttons.forEach((made, i) => {
      setAttribute(made, "aria-disabled", items[i].matches && !hasMatches() ? "true" : null);
    });
    menu.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    buttons[0].focus();
  }

  function close(): void {
    if (menu.contains(document.activeElement)) opener.focus();
    menu.hidden = true;
    opener.setAttribute("aria-expanded", "false");
  }

  const hasMatches = () => (model.matches?.matches.rankingDetail.length ?? 0) > 0;

  opener.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    event.stopPropagation();
    open();
  });
  menu.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const last = buttons.length - 1;
    const next: Record<string, number> = {
      ArrowDown: at === last ? 0 : at + 1,
      ArrowUp: at <= 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    if (event.key in next) buttons[next[event.key]].focus();
    else if (event.key === "Escape") close();
    // Whatever else is pressed in the menu is no key of the page; Enter and the space bar press the button.
    else if (event.key !== "Tab") return event.stopPropagation();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || message.hidden) return;
    event.preventDefault();
    event.stopPropagation();
    message.hidden = true;
    opener.focus();
  });
  root.addEventListener("focusout", (event) => {
    if (!root.contains(event.relatedTarget as Node)) close();
  });
  document.addEventListener("pointerdown", (event) => {
    if (root.contains(event.target as Node)) return;
    close();
    message.hidden = true;
  });

  return (next) => {
    model = next;
    root.hidden = model.absent;
  };
}
