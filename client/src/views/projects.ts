/** The page of all projects: what each is, its sources as links, and what is wrong with those that would not open. */
import { annotationsOf, type Entry, type Source, sourceName } from "../api";
import { add, counted, element, formatCount } from "../dom";

export function projects(parent: HTMLElement, entries: readonly Entry[]): void {
  const root = add(parent, "div", { class: "projects" });
  const first = entries.find(usable);
  const begin = first && (entries.find((entry) => usable(entry) && /paren/i.test(entry.info.name)) ?? first);
  add(
    root,
    "p",
    { class: "lead" },
    "See what the hidden state of a sequence model does: brush a stretch of text, find the cells that are on exactly there, and every other place where they are.",
  );
  if (begin) {
    add(
      root,
      "p",
      {},
      "New here? Begin with ",
      element("a", { href: linkTo(begin, begin.info.states.types[0]) }, begin.info.name),
      " and drag over some words.",
    );
  } else if (entries.length === 0) {
    add(
      root,
      "p",
      { class: "notice" },
      "There are no projects in the directory that is served. A project is a directory with a file lstm.yml in it.",
    );
  }
  const list = add(root, "ul", { class: "cards" });
  for (const entry of workingFirst(entries)) list.append(card(entry, clarified(entry, entries)));
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
  const root = element("li", { class: "card", "data-project": project }, element("h2", {}, info.name));
  if (id) add(root, "p", { class: "faint" }, id);
  if (info.description && info.description !== info.name) add(root, "p", {}, info.description);
  if (info.error) add(root, "p", { class: "problem", role: "note" }, info.error);
  const tokens = info.word_sequence.size[0] ?? 0;
  const annotations = Object.keys(annotationsOf(info));
  const facts = [
    ...(tokens
      ? [counted(tokens, "token"), `${formatCount(info.word_sequence.dict_size)} in the vocabulary`]
      : []),
    ...(annotations.length ? [annotations.join(", ")] : []),
  ];
  if (facts.length) add(root, "p", { class: "facts" }, facts.join(" · "));
  const sources = add(root, "ul", { class: "sources" });
  for (const source of info.states.types) sources.append(sourceItem(entry, source));
  return root;
}

function sourceItem(entry: Entry, source: Source): HTMLElement {
  const [steps, cells] = source.size;
  const size = `${formatCount(steps)} × ${counted(cells, "cell")}`;
  return element(
    "li",
    {},
    element("a", { href: linkTo(entry, source) }, `layer ${source.layer} · ${source.type}`),
    element("span", { class: "faint" }, size),
    element("span", { class: "indexing", "data-indexing": sourceName(source), role: "status" }),
  );
}

/** Says how far the match indexes are that are being built; whether any is. */
export function showIndexing(root: HTMLElement, entries: readonly Entry[]): boolean {
  let any = false;
  for (const { project, info } of entries) {
    for (const source of info.states.types) {
      const selector = `[data-project="${CSS.escape(project)}"] [data-indexing="${CSS.escape(sourceName(source))}"]`;
      const place = root.querySelector(selector);
      if (!place) continue;
      any ||= source.indexing !== undefined;
      place.textContent = indexOf(source);
      place.classList.toggle("problem", source.index_error !== undefined);
    }
  }
  return any;
}

function indexOf({ indexing, index_error: problem }: Source): string {
  if (problem !== undefined) return `no index for matching: ${problem}`;
  if (indexing === undefined) return "";
  return `index for matching: ${Math.round(100 * indexing)} %, the rest works meanwhile`;
}

const linkTo = ({ project }: Entry, source: Source): string =>
  `?${new URLSearchParams({ project, source: sourceName(source) })}`;
