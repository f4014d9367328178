/** What the page shows and how it is used, in a dialog. */
import { add, button, element } from "../dom";
import { KEYS } from "../keys";

const PARTS: readonly (readonly [string, string])[] = [
  [
    "Activations",
    "Each cell of the source over the text: the bands hold half and nine tenths of all cells, the lines on top are the selected ones, and a click on a line puts its cell in or takes it out.",
  ],
  [
    "Threshold",
    "A cell is on where its activation is at least the threshold; drag the line, or write the number.",
  ],
  [
    "Sides ±",
    "A cell also counts, as a side of its own written with a minus, where it is at or below minus the threshold.",
  ],
  [
    "Range",
    "Drag over words to select the cells that are on all through the range; the button with its length brings it back into view.",
  ],
  [
    "Handles",
    "Those on the bar move the ends of the range; the hollow ones below say for how many steps before and after it (off before, off after) the cells must be off.",
  ],
  [
    "Chips",
    "The selected cells; a click takes one out, and “bring back” puts in again all that were taken out.",
  ],
  ["Pin", "Keeps the selected cells as they are while the range moves on."],
  ["Undo", "Takes back the last step of the selection or of the matches; looking elsewhere is no step."],
  [
    "Tracks",
    "Annotations under the words and as heat maps: “+ track” shows another one, × hides it, and a click on a name with ▸ shows numbers as bars and ranked words with all their ranks.",
  ],
  [
    "Mask",
    "Colours annotations, in the tracks and in the matches, only where selected cells are on: the fewer of them, the paler.",
  ],
  [
    "Matches",
    "The ranges of the corpus, yours among them, in which selected cells do the same, best first: most selected cells, then fewest others.",
  ],
  [
    "Columns",
    "Cells: how many of the selected ones a match has; others: how many that are not selected are on over its range too; then its length.",
  ],
  [
    "Positions",
    "A link that shows the place of a match and pins the selected cells, so that the list stays; with Ctrl in a new tab. “unpin” lets the cells follow the range again.",
  ],
  ["Length", "Lists matches of any length, of the same length as the range, or at least as long."],
  [
    "Histogram",
    "How many matches are how long, those with all cells in the darker colour; a click on a bar keeps only that length, a second one all.",
  ],
  [
    "Export ⤓",
    "Saves the page as a picture, with all matches listed, and up to 1,000 matches as a table or as JSON; or copies the link to exactly this view.",
  ],
  [
    "Heat maps",
    "Values around the matches in line with their words, explained by the legend above; the figure is the label that is most frequent inside the ranges of the matches listed, or their mean. A click on a title colours the words by it.",
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
