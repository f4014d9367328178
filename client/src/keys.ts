/** What the keys do on the exploring page; the help is written from the same table. */
import type { Findings } from "./api";
import type { Model } from "./model";
import { clear, moveEnd, panBy, type Transition, toggleMask, visitNext } from "./state";
import { stepThreshold } from "./thresholds";

export interface Key {
  /** As the browser names it; in front `Ctrl+`, which Command is as well, and `Shift+` where they make a difference. */
  readonly keys: readonly string[];
  readonly does: string;
  /** What it changes; an action of the page where it is a name. */
  readonly act: ((model: Model) => Transition) | "search" | "undo" | "redo" | "help";
}

const threshold =
  (steps: number) =>
  ({ thresholds }: Model): Transition =>
    stepThreshold(steps, thresholds);

const hitsOf = ({ res }: Findings): number[] => res.map(({ index }) => index);

/** Does nothing where nothing was searched for. */
const found =
  (step: 1 | -1) =>
  ({ found }: Model): Transition =>
    found ? visitNext(hitsOf(found), found.total > found.res.length, step) : (s) => s;

const end = (which: "from" | "to", by: number) => (): Transition => (s) =>
  s.range ? moveEnd(which, s.range[which] + by)(s) : s;

export const KEYS: readonly Key[] = [
  { keys: ["ArrowLeft"], does: "a step back", act: () => panBy(-1) },
  { keys: ["ArrowRight"], does: "a step on", act: () => panBy(1) },
  { keys: ["Shift+ArrowLeft"], does: "a window back", act: ({ layout }) => panBy(-layout.columns) },
  { keys: ["Shift+ArrowRight"], does: "a window on", act: ({ layout }) => panBy(layout.columns) },
  { keys: ["["], does: "begin the range a step earlier", act: end("from", -1) },
  { keys: ["{"], does: "begin the range a step later", act: end("from", 1) },
  { keys: ["]"], does: "end the range a step later", act: end("to", 1) },
  { keys: ["}"], does: "end the range a step earlier", act: end("to", -1) },
  { keys: ["-"], does: "lower the threshold", act: threshold(-1) },
  { keys: ["=", "+"], does: "raise the threshold", act: threshold(1) },
  { keys: ["/"], does: "search", act: "search" },
  { keys: ["n"], does: "the next place found", act: found(1) },
  { keys: ["N"], does: "the one found before", act: found(-1) },
  { keys: ["m"], does: "mask the annotations, or no longer", act: () => toggleMask },
  { keys: ["u", "Ctrl+z"], does: "undo, as Ctrl Z does", act: "undo" },
  { keys: ["Ctrl+y", "Ctrl+Shift+z"], does: "redo", act: "redo" },
  { keys: ["Escape"], does: "clear the selection", act: () => clear },
  { keys: ["?"], does: "this help", act: "help" },
];

export function keyOf(event: KeyboardEvent): Key | undefined {
  if (event.altKey) return undefined;
  const control = event.ctrlKey || event.metaKey;
  const shift = event.shiftKey && (control || event.key.length > 1);
  const key = control ? event.key.toLowerCase() : event.key;
  const named = `${control ? "Ctrl+" : ""}${shift ? "Shift+" : ""}${key}`;
  return KEYS.find(({ keys }) => keys.includes(named));
}

/** Whether a key pressed there is meant for the element itself. */
export function takesKeys(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches("input:not([type=radio]), select, textarea, dialog *")
  );
}
