/** The page of all projects: what each is, its sources as links, and what is wrong with those that would not open. */
import { annotationsOf, type Entry, hasWords, type Source, sourceName } from "../api";
import { add, button, counted, element, formatCount } from "../dom";
import { takesKeys } from "../keys";
import { type Group, groupsOf, titleOf } from "../sources";

/** With more projects than this there is a field that keeps those one looks for. */
const MANY = 8;
/** As much of a card as is shown before one asks for the rest: characters of a description, and annotations. */
const LONG = 220;
const SOME_ANNOTATIONS = 8;

const STEPS = [
  ["Drag over some words", "that look like a pattern: the inside of a bracket, a noun phrase, a quotation."],
  [
    "See which cells know it",
    "those that are on exactly there are selected at once, and drawn over all the others.",
  ],
  [
    "See whether it holds",
    "every other place where they are on is listed and aligned, coloured by what you know of it.",
  ],
] as const;

export function projects(parent: HTMLElement, entries: readonly Entry[]): void {
  const root = add(parent, "div", { class: "projects" });
  const first = entries.find(usable);
  const begin =
    entries.find((entry) => usable(entry) && /paren/i.test(entry.info.name)) ??
    entries.find((entry) => usable(entry) && entry.info.opening) ??
    first;
  add(root, "p", { class: "lead" }, "See what the hidden state of a sequence model does.");
  // Who has many projects knows, and wants to see them.
  if (entries.length <= MANY) {
    add(
      root,
      "ol",
      { class: "steps" },
      ...STEPS.map(([name, text]) => element("li", {}, element("strong", {}, name), " ", text)),
    );
  }
  if (begin) {
    add(
      root,
      "p",
      { class: "begin" },
      "New here? Begin with ",
      element("a", { href: mainLink(begin) }, begin.info.name),
      begin.info.opening ? ", where something is selected already," : "",
      ` and drag over ${begin.info.opening ? "other" : "some"} ${hasWords(begin.info) ? "words" : "of its steps"}.`,
    );
  } else if (entries.length === 0) {
    add(
      root,
      "p",
      { class: "notice" },
      "There are no projects in the directory that is served. A project is a directory with a file lstm.yml in it.",
    );
  }
  const head = add(root, "div", { class: "projects-head" });
  const list = element("ul", { class: "cards", "aria-label": "Projects" });
  const cards = workingFirst(entries).map((entry) => ({
    entry,
    root: card(entry, clarified(entry, entries)),
  }));
  list.append(...cards.map((made) => made.root));
  if (entries.length > MANY) {
    addFilter(head, root, (query) => {
      for (const { entry, root } of cards) root.hidden = !answers(entry, query);
      return cards.filter(({ root }) => !root.hidden).length;
    });
  }
  root.append(list);
}

/** A field in `head` for `keep`, which hides what doesn't fit a query and says how much does. */
function addFilter(head: HTMLElement, root: HTMLElement, keep: (query: string) => number): void {
  const field = add(head, "input", {
    type: "search",
    name: "filter",
    placeholder: "filter  /",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": "Filter the projects",
  });
  const count = add(head, "span", { class: "faint", role: "status" });
  const nothing = add(root, "p", { class: "notice" });
  const all = keep("");
  const show = () => {
    const kept = keep(field.value);
    count.textContent =
      kept === all ? counted(all, "project") : `${formatCount(kept)} of ${counted(all, "project")}`;
    nothing.hidden = kept > 0;
    nothing.replaceChildren(
      `No project has “${field.value.trim()}” in its name, description, id or annotations.`,
      button("Show all", clear),
    );
  };
  const clear = () => {
    field.value = "";
    show();
    field.focus();
  };
  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") clear();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || takesKeys(event.target) || event.ctrlKey || event.metaKey || event.altKey)
      return;
    event.preventDefault();
    field.focus();
    field.select();
  });
  show();
}

/** Whether every word of the query is somewhere in what a project is called and said to be. */
export function answers({ project, info }: Entry, query: string): boolean {
  const said = [project, info.name, info.description, ...Object.keys(annotationsOf(info))]
    .join("\n")
    .toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}

/** Whether there is something to explore in it. */
export const usable = ({ info }: Entry): boolean => !info.error && info.states.types.length > 0;

export const workingFirst = (entries: readonly Entry[]): Entry[] => [
  ...entries.filter(usable),
  ...entries.filter((entry) => !usable(entry)),
];

/** The id of a project whose name is that of another one as well; else nothing. */
export const clarified = ({ project, info }: Entry, entries: readonly Entry[]): string =>
  entries.some((other) => other.project !== project && other.info.name === info.name) ? project : "";

function card(entry: Entry, id: string): HTMLElement {
  const { info, project } = entry;
  const start = usable(entry) && info.opening ? mainLink(entry) : null;
  const title = start ? element("a", { class: "main", href: start }, info.name) : info.name;
  const root = element("li", { class: "card", "data-project": project }, element("h2", {}, title));
  if (id) add(root, "p", { class: "faint" }, id);
  if (info.description && info.description !== info.name) root.append(description(info.description));
  if (start) {
    const label = `Start here: the prepared view of ${info.name}`;
    add(root, "a", { class: "start", href: start, "aria-label": label }, "Start here");
  }
  if (info.error) {
    add(root, "p", { class: "problem", role: "note" }, info.error);
    add(root, "p", { class: "faint" }, element("code", {}, "lstmvis doctor DIR"), " says what to change.");
  }
  const tokens = info.word_sequence.size[0] ?? 0;
  if (tokens) {
    const facts = hasWords(info)
      ? [
          counted(tokens, "token"),
          `${formatCount(info.word_sequence.dict_size)} in the vocabulary`,
          info.is_searchable ? "searchable" : "not searchable",
        ]
      : [counted(tokens, "step"), "no words"];
    add(root, "p", { class: "facts" }, facts.join(" · "));
  }
  const names = Object.keys(annotationsOf(info));
  if (names.length) root.append(annotations(names));
  const groups = groupsOf(info.states.types);
  const alike = groups.length > 1 ? sizeOf(info.states.types) : null;
  const sources = add(root, "ul", { class: "sources", "aria-label": "Sources" });
  for (const group of groups) sources.append(groupItem(entry, group, alike === null));
  if (alike) add(root, "p", { class: "faint" }, `${alike} each`);
  return root;
}

function description(text: string): HTMLElement {
  const root = element("p", { class: "description" });
  const short = text.length > LONG * 1.2 ? `${cutShort(text)} … ` : text;
  root.append(short);
  if (short !== text) root.append(button("more", () => root.replaceChildren(text), { class: "quiet" }));
  return root;
}

/** Up to the last space that is not too far on; of characters, never half of one. */
function cutShort(text: string): string {
  const space = text.lastIndexOf(" ", LONG);
  return space > 0 ? text.slice(0, space) : [...text].slice(0, LONG).join("");
}

function annotations(names: readonly string[]): HTMLElement {
  const item = (name: string) => element("li", {}, name);
  const root = element("ul", { class: "annotations", "aria-label": "Annotations" });
  const rest = names.slice(SOME_ANNOTATIONS);
  root.append(...names.slice(0, names.length - rest.length).map(item));
  if (rest.length > 0) {
    const more = element("li", { class: "more-annotations" });
    more.append(
      button(`${rest.length} more`, () => more.replaceWith(...rest.map(item)), {
        class: "quiet",
        "aria-label": `${rest.length} more annotations`,
      }),
    );
    root.append(more);
  }
  return root;
}

/** Sources that belong together on a line, with their size where it is to be `sized`: once where it is that of all. */
function groupItem(entry: Entry, { name, members }: Group, sized: boolean): HTMLElement {
  const alike = sized ? sizeOf(members.map(({ source }) => source)) : null;
  const links = element("span", { class: "links" });
  const root = element("li", {}, element("span", { class: "group" }, name), links);
  for (const { source, name } of members) {
    links.append(
      // Breaks after a dot, not before it.
      links.childElementCount ? "\u00a0· " : "",
      element(
        "a",
        { href: linkTo(entry, source), title: sourceName(source), "aria-label": titleOf(source) },
        name,
      ),
    );
    if (sized && !alike) add(links, "span", { class: "faint" }, ` ${sizeOf([source])}`);
  }
  if (alike) add(root, "span", { class: "faint" }, alike);
  for (const { source, name } of members) {
    add(root, "span", {
      class: "indexing",
      "data-indexing": sourceName(source),
      "data-name": members.length > 1 ? name : "",
      role: "status",
    });
  }
  return root;
}

/** The size of sources that are all alike; else null. */
function sizeOf(sources: readonly Source[]): string | null {
  const sizes = new Set(
    sources.map(({ size: [steps, cells] }) => `${formatCount(steps)} × ${counted(cells, "cell")}`),
  );
  return sizes.size === 1 ? [...sizes][0] : null;
}

/** Says how far the match indexes are that are being built; whether any is. */
export function showIndexing(root: HTMLElement, entries: readonly Entry[]): boolean {
  let any = false;
  for (const { project, info } of entries) {
    for (const source of info.states.types) {
      const selector = `[data-project="${CSS.escape(project)}"] [data-indexing="${CSS.escape(sourceName(source))}"]`;
      const place = root.querySelector<HTMLElement>(selector);
      if (!place) continue;
      any ||= source.indexing !== undefined;
      const said = indexOf(source);
      place.textContent = said && [place.dataset.name, said].filter(Boolean).join(": ");
      place.classList.toggle("problem", source.index_error !== undefined);
    }
  }
  return any;
}

/** Empty where there is nothing to say. */
function indexOf({ indexing, index_error: problem }: Source): string {
  if (problem !== undefined) return `no index for matching: ${problem}`;
  if (indexing === undefined) return "";
  return `index for matching: ${Math.round(100 * indexing)} %, the rest works meanwhile`;
}

/** To the view with which a project opens, else to its beginning. */
export const mainLink = ({ project, info }: Entry): string => {
  const query = new URLSearchParams({ project });
  return info.opening ? `?${query}&${info.opening}` : `?${query}`;
};

const linkTo = ({ project }: Entry, source: Source): string =>
  `?${new URLSearchParams({ project, source: sourceName(source) })}`;
