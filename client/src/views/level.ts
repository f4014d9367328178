/** A value as a bar in its column, from zero, or from the end of a scale that has no zero. */
import type { Encoding, Value } from "../encoding";

/** Where there is no number there is no bar; without a `colour` it has that of the text. */
export function drawLevel(target: HTMLElement, { shareOf }: Encoding, value: Value, colour = ""): void {
  const there = typeof value === "number";
  target.classList.toggle("level", there);
  if (!there) return;
  const [low, high] = [shareOf(0), shareOf(value)].sort((a, b) => a - b);
  target.style.setProperty("--low", `${100 * low}%`);
  target.style.setProperty("--high", `${100 * high}%`);
  target.style.setProperty("--bar", colour);
}

/** The value with what it is of; empty where there is none. */
export function levelSaid({ name, mark }: Encoding, value: Value): string {
  const text = mark(value)?.text;
  return text === undefined ? "" : `${name} ${text}`;
}
