/** What the page shows and how it is used, in a dialog. */
import { add, button, element } from "../dom";
import { KEYS } from "../keys";

const PARTS: readonly (readonly [string, string])[] = [
  [
    "Activations",
    "Each cell of the source over the text: the bands hold half and nine tenths of all cells, the lines on top are the selected ones; pointing at a line names its cell, a click puts it in or takes it out, and a drag brushes.",
  ],
  [
    "Threshold",
    "A cell is on where its activation is at least the threshold; drag the line, or write the number.",
  ],
  [
    "Off before, off after",
    "For how many steps before and after the range the cells must be off; 0 leaves that end free.",
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
    "Shading of words",
    "The darker a word, the more of the selected cells are on there; a bar at its left edge marks the start of a sequence.",
  ],
  [
    "− and + at the words",
    "Narrower and wider columns; a word that is too long ends in an ellipsis, and all of it shows where it is pointed at.",
  ],
  [
    "Position and axis",
    "The first position shown: write another one, turn the wheel, or drag the numbers under the plot; dragging beyond an edge moves the text along.",
  ],
  [
    "Handles",
    "The bar moves the whole range, the handles on it move its ends, and the hollow ones below say for how many steps around it the cells must be off.",
  ],
  [
    "Chips",
    "The selected cells, in the colours of their lines while they are few; a click takes one out, “bring back” puts in again all that were taken out, and “+” with a number shows the rest of them.",
  ],
  [
    "+ cell",
    "Write the number of a cell to put it in, with a minus behind it for its negative side (sides ±).",
  ],
  ["Pin", "Keeps the selected cells as they are while the range moves on."],
  ["Clear", "Lets go of the range and all cells."],
  [
    "Undo, redo",
    "Take back the last step of the selection or of the matches, and do it again; looking elsewhere is no step.",
  ],
  [
    "Tracks",
    "Annotations under the words and as heat maps: “+ track” shows another one, × hides it, and a click on a name with ▸ shows numbers as tall bars and ranked words with all their ranks.",
  ],
  [
    "Mask",
    "Colours annotations, in the tracks and in the matches, only where selected cells are on: the fewer of them, the paler.",
  ],
  [
    "Matches",
    "The ranges of the corpus, yours among them, in which selected cells do the same, best first: most selected cells, then fewest others. “Show more” lists up to 1,000 of them.",
  ],
  [
    "Columns",
    "Cells: how many of the selected ones a match has; others: how many that are not selected are on over its range too; then its length.",
  ],
  [
    "Positions",
    "A link that shows the place of a match and pins the selected cells, so that the list stays; with Ctrl in a new tab. They follow the range again as soon as you brush or change it, or with “unpin”; cells that you pinned yourself stay.",
  ],
  [
    "Search",
    "Finds words and phrases in the corpus; “*” stands for the rest of a word, as in “under*”. The arrow keys choose a place, Enter shows it. “Aa” (Alt C): capitals and small letters differ; “.*” (Alt R): a regular expression, in which a space leads to the next word and ^ and $ are the ends of one.",
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
    "Values around the matches in line with their words, explained by the legend above; between it and the title stands which label is most frequent inside the ranges of the matches listed, and how frequent, or their mean; a click on it leads to the next match that is different. A click on a title colours the words by it.",
  ],
  [
    "Legend",
    "What the colours of a track or a heat map mean; where there is no room for all of them, the number behind it shows the rest.",
  ],
  ["Project, source", "Menus of everything that is served, and of the layers and kinds of states in it."],
  ["i", "What the project is, and what to look for in the view with which it opens."],
  ["◐", "Light or dark."],
];
const MOUSE: readonly (readonly [string, string])[] = [
  ["Wheel, or drag the numbers", "move through the corpus"],
  ["Ctrl + wheel", "narrower or wider columns"],
  ["Shift + click on a word", "extend the range to it"],
  ["Esc while dragging", "leaves everything as it was before"],
];
const FOCUSED: readonly (readonly [string, string])[] = [
  ["Words", "← and → go from word to word, Enter selects one, Shift with an arrow extends the range"],
  ["Bar and handles", "the arrow keys move them by a position"],
  ["Threshold", "↑ and ↓ by a step, Page keys by ten, Home and End to the ends"],
  ["Cells", "Enter takes the cell out; its line stands out meanwhile"],
];

export interface Help {
  readonly show: () => void;
}

export function help(parent: HTMLElement): Help {
  const dialog = add(parent, "dialog", { class: "help", "aria-labelledby": "help-title" });
  const head = add(dialog, "div", { class: "help-head" });
  add(head, "h2", { id: "help-title" }, "What is on this page");
  head.append(button("×", () => dialog.close(), { class: "quiet", "aria-label": "Close" }));
  dialog.append(
    terms(PARTS),
    element("h3", {}, "Mouse"),
    terms(MOUSE),
    element("h3", {}, "Keys"),
    keys(),
    element("h3", {}, "Keys where Tab leads to"),
    terms(FOCUSED),
  );
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
