/** The range and its zero constraints as bars under the words, with handles at their ends. */
import { add, button, element, formatCount } from "../dom";
import type { Model } from "../model";
import {
  constrain,
  lengthOf,
  moveEnd,
  type Range,
  reveal,
  type State,
  showRange,
  slideRange,
  type Transition,
} from "../state";
import { onColumnDrag } from "./columns";
import { place, positionAt, tint, type View } from "./view";

/** What the four handles do, as data: where each stands, what it is called, and what moving it means. */
interface Handle {
  readonly name: string;
  readonly label: string;
  /** The boundary between columns at which it stands: the one left of position `at`. */
  readonly at: (state: State) => number;
  readonly moved: (boundary: number) => Transition;
  readonly value: (state: State) => number;
  /** By how much moving the handle to the right by one changes its value. */
  readonly sign: 1 | -1;
}

const HANDLES: readonly Handle[] = [
  {
    name: "from",
    label: "First position of the range",
    at: (state) => rangeOf(state).from,
    moved: (boundary) => moveEnd("from", boundary),
    value: (state) => rangeOf(state).from,
    sign: 1,
  },
  {
    name: "to",
    label: "Last position of the range",
    at: (state) => rangeOf(state).to + 1,
    moved: (boundary) => moveEnd("to", boundary - 1),
    value: (state) => rangeOf(state).to,
    sign: 1,
  },
  {
    name: "before",
    label: "Off before: steps",
    at: (state) => rangeOf(state).from - state.constraints[0],
    moved: (boundary) => (s) => constrain(0, rangeOf(s).from - boundary)(s),
    value: (state) => state.constraints[0],
    sign: -1,
  },
  {
    name: "after",
    label: "Off after: steps",
    at: (state) => rangeOf(state).to + 1 + state.constraints[1],
    moved: (boundary) => (s) => constrain(1, boundary - rangeOf(s).to - 1)(s),
    value: (state) => state.constraints[1],
    sign: 1,
  },
];

/** Pixels that it takes to write "off". */
const WRITTEN = 24;

const rangeOf = ({ range }: State) => range ?? { from: 0, to: 0 };

export const brushView: View = (parent, emit) => {
  const root = add(parent, "section", { "data-view": "brush", class: "strip", "aria-label": "Range" });
  const gutter = add(root, "div", { class: "gutter row-label" });
  const show = button("", () => emit(showRange(model.layout.columns)), { class: "quiet range-length" });
  gutter.append(show);
  const lane = add(root, "div", { class: "lane" });
  const bar = add(lane, "div", {
    class: "range-bar",
    role: "slider",
    tabindex: 0,
    "aria-label": "Place of the range",
  });
  const off = ["before", "after"].map(() => add(lane, "div", { class: "off-bar" }));
  let model: Model;
  const now = () => model;

  const handles = HANDLES.map((handle) => {
    const grip = add(lane, "div", {
      class: `grip ${handle.name}`,
      role: "slider",
      tabindex: 0,
      "data-handle": handle.name,
      "aria-label": handle.label,
      title: handle.label,
    });
    onColumnDrag(grip, lane, now, emit, () => (at, phase) => {
      const boundary = Math.round(at.x / model.layout.columnWidth) + model.state.pos;
      emit(handle.moved(boundary), phase);
    });
    grip.addEventListener("keydown", (event) => {
      const steps: Record<string, number> = {
        ArrowLeft: -1,
        ArrowRight: 1,
        ArrowDown: -handle.sign,
        ArrowUp: handle.sign,
      };
      onStep(event, steps, (step) => (s) => {
        const moved = handle.moved(handle.at(s) + step)(s);
        return reveal(handle.at(moved), model.layout.columns)(moved);
      });
    });
    return grip;
  });

  onColumnDrag(bar, lane, now, emit, (start) => {
    const { from, to } = rangeOf(model.state);
    const grabbed = positionAt(model, start.x);
    return (at, phase) => {
      const by = Math.max(-from, Math.min(model.total - 1 - to, positionAt(model, at.x) - grabbed));
      emit(slideRange(from + by), phase);
    };
  });

  bar.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1 };
    onStep(event, steps, (step) => (s) => {
      const { from, to } = rangeOf(s);
      const next = Math.max(0, Math.min(model.total - 1 - (to - from), from + step));
      return reveal(next, model.layout.columns)(slideRange(next)(s));
    });
  });

  /** Does to a slider what its own keys mean; other keys are the page's. */
  function onStep(
    event: KeyboardEvent,
    steps: Readonly<Record<string, number>>,
    move: (step: number) => Transition,
  ): void {
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    emit(move(steps[event.key]));
  }

  function sayValue(slider: HTMLElement, value: number): void {
    slider.setAttribute("aria-valuenow", String(value));
    slider.setAttribute("aria-valuemin", "0");
    slider.setAttribute("aria-valuemax", String(model.total - 1));
  }

  /** The length, as a way back to a range that is out of view, with an arrow to where it is. */
  function drawLength({ from, to }: Range): void {
    const { state, layout } = model;
    const [left, right] = [to < state.pos, from >= state.pos + layout.columns];
    show.textContent = `${left ? "‹ " : ""}range of ${formatCount(lengthOf(state))}${right ? " ›" : ""}`;
    show.disabled = !left && !right;
    show.title = show.disabled ? "" : "Bring the range back into view";
  }

  return (next) => {
    model = next;
    const { range, constraints, pos } = model.state;
    tint(bar, model);
    for (const part of [show, ...handles, ...off]) part.hidden = !range;
    if (!range) return;
    drawLength(range);
    off.forEach((bar, i) => {
      const written = constraints[i] * model.layout.columnWidth >= WRITTEN;
      if (written === bar.childElementCount > 0) return;
      bar.replaceChildren(...(written ? [element("span", {}, "off")] : []));
    });
    place(off[0], model, range.from - constraints[0], range.from - 1);
    place(off[1], model, range.to + 1, range.to + constraints[1]);
    handles.forEach((grip, i) => {
      grip.style.left = `${(HANDLES[i].at(model.state) - pos) * model.layout.columnWidth}px`;
      sayValue(grip, HANDLES[i].value(model.state));
    });
    sayValue(bar, range.from);
    bar.setAttribute("aria-valuetext", `${range.from} to ${range.to}`);
  };
};
