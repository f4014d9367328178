/** What the page shows and how it is used, in a dialog. */
import { add, button, element } from "../dom";
import { KEYS } from "../keys";

const PARTS: readonly (readonly [string, string])[] = [
  [
    "Activations",
    "Each cell of the source over the text. The bands hold half and nine tenths of all cells; the lines on top are the selected ones. Click a line to put its cell in or take it out.",
  ],
  [
    "Threshold",
    "A cell is on where its activation is at least the threshold. Drag the line up and down. With ± a cell also counts, as a side of its own, where it is at or below minus the threshold.",
  ],
  [
    "Range",
    "Drag over words to say where something happens. Selected are the cells that are on all through the range, and off in the steps just before and after it that the small handles reach over.",
  ],
  [
    "Matches",
    "Every other range in the corpus in which selected cells do the same, best first: most selected cells, then fewest others. All begin in the column in which your range begins.",
  ],
  [
    "Heat maps",
    "Annotations of the matches in line with their words. Click a title to colour the words by it, and a bar of the histogram to keep only matches of one length.",
  ],
];
const MOUSE: readonly (readonly [string, string])[] = [
  ["Wheel, or drag the numbers", "move through the corpus"],
  ["Ctrl + wheel", "narrower or wider columns"],
  ["Shift + click on a word", "extend the range to it"],
];

export interface Help {
  readonly show: () => void;
}

export function help(parent: HTMLElement): Help {
  const dialog = add(parent, "dialog", { class: "help", "aria-labelledby": "help-title" });
  const head = add(dialog, "div", { class: "help-head" });
  add(head, "h2", { id: "help-title" }, "What is on this page");
  head.append(button("×", () => dialog.close(), { class: "quiet", "aria-label": "Close" }));
  dialog.append(terms(PARTS), element("h3", {}, "Mouse"), terms(MOUSE), element("h3", {}, "Keys"), keys());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return { show: () => dialog.showModal() };
}

const terms = (entries: readonly (readonly [string, string])[]): HTMLElement =>
  element("dl", {}, ...entries.flatMap(([term, text]) => [element("dt", {}, term), element("dd", {}, text)]));

const keys = (): HTMLElement =>
  element(
    "dl",
    { class: "keys" },
    ...KEYS.flatMap(({ keys, does }) => [
      element("dt", {}, element("kbd", {}, written(keys[0]))),
      element("dd", {}, does),
    ]),
  );

const written = (key: string): string =>
  key
    .replace("Shift+", "Shift ")
    .replace("ArrowLeft", "←")
    .replace("ArrowRight", "→")
    .replace("Escape", "Esc");
