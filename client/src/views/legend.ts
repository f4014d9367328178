/** What the colours of a track or a heat map mean, on one line, or few colours on two small ones. */
import { element } from "../dom";
import type { Encoding, Mark } from "../encoding";

/** Pixels of a key beside its text, of a character, and of the number of keys left over; rather too many. */
const KEY = 21;
const CHARACTER = 6.5;
const MOST_TEXT = 80;
const LEFT_OVER = 34;
/** So many keys are all there, however little room they have. */
const FEW = 4;

/** What each legend shows. */
const drawn = new WeakMap<HTMLElement, string>();

/**
 * `marks` are the values to be explained; of a ramp only the ends are written out.
 *
 * A legend that stays the same is left alone: its keys may have the focus, or be pointed at.
 */
export function drawLegend(
  target: HTMLElement,
  { ramp }: Encoding,
  marks: readonly Mark[],
  width: number,
): void {
  const next = JSON.stringify([ramp, width, marks.map(({ text, colour }) => [text, colour])]);
  if (drawn.get(target) === next) return;
  drawn.set(target, next);
  const texts = marks.map(({ text }) => text);
  const fit = ramp ? marks.length : keysThatFit(texts, width);
  const small = fit < marks.length && marks.length <= FEW;
  target.classList.toggle("small", small);
  target.replaceChildren(...(ramp ? bar(marks) : keys(marks, small ? marks.length : Math.max(1, fit))));
}

function bar(marks: readonly Mark[]): Node[] {
  const ends = [marks[0], marks[marks.length - 1]].map(({ text }) => element("span", {}, text));
  return [ends[0], element("span", { class: "ramp" }, ...marks.map(swatch)), ends[1]];
}

/** The first `fit` keys; the number of the others opens the list of them. */
function keys(marks: readonly Mark[], fit: number): Node[] {
  const rest = marks.slice(fit);
  const names = rest.map(({ text }) => text).join(", ");
  const more = element(
    "span",
    { class: "more-keys", tabindex: 0, "aria-label": `and ${names}` },
    `+${rest.length}`,
    element("span", { class: "rest" }, ...rest.map(key)),
  );
  return [...marks.slice(0, fit).map(key), ...(rest.length ? [more] : [])];
}

/** How many of the keys with these texts stand in `width` pixels, with the number of the others if there are any. */
export function keysThatFit(texts: readonly string[], width: number): number {
  const ends: number[] = [];
  for (const text of texts) {
    ends.push((ends.at(-1) ?? 0) + KEY + Math.min(MOST_TEXT, CHARACTER * text.length));
  }
  if (texts.length === 0 || ends[ends.length - 1] <= width) return texts.length;
  return ends.filter((end) => end <= width - LEFT_OVER).length;
}

const key = (mark: Mark): HTMLElement =>
  element(
    "span",
    { class: "key", title: mark.text },
    swatch(mark),
    element("span", { class: "key-label" }, mark.text),
  );

export function swatch({ text, colour }: Mark): HTMLElement {
  const made = element("span", { class: "swatch", "data-label": text });
  made.style.backgroundColor = colour;
  return made;
}
