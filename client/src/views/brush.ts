/** The range and its zero constraints as bars under the words, with handles at their ends. */
import { add, button } from "../dom";
import type { Model } from "../model";
import {
  constrain,
  lengthOf,
  moveEnd,
  type Range,
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
}

const HANDLES: readonly Handle[] = [
  {
    name: "from",
    label: "First position of the range",
    at: (state) => rangeOf(state).from,
    moved: (boundary) => moveEnd("from", boundary),
    value: (state) => rangeOf(state).from,
  },
  {
    name: "to",
    label: "Last position of the range",
    at: (state) => rangeOf(state).to + 1,
    moved: (boundary) => moveEnd("to", boundary - 1),
    value: (state) => rangeOf(state).to,
  },
  {
    name: "before",
    label: "Off before: steps",
    at: (state) => rangeOf(state).from - state.constraints[0],
    moved: (boundary) => (s) => constrain(0, rangeOf(s).from - boundary)(s),
    value: (state) => state.constraints[0],
  },
  {
    name: "after",
    label: "Off after: steps",
    at: (state) => rangeOf(state).to + 1 + state.constraints[1],
    moved: (boundary) => (s) => constrain(1, boundary - rangeOf(s).to - 1)(s),
    value: (state) => state.constraints[1],
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
  const bar = add(lane, "div", { class: "range-bar" });
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
    onColumnDrag(grip, lane, now, emit, () => (at, ended) => {
      const boundary = Math.round(at.x / model.layout.columnWidth) + model.state.pos;
      emit(handle.moved(boundary), ended ? "done" : "live");
    });
    grip.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      emit((s) => handle.moved(handle.at(s) + step)(s));
    });
    return grip;
  });

  onColumnDrag(bar, lane, now, emit, (start) => {
    const { from, to } = rangeOf(model.state);
    const grabbed = positionAt(model, start.x);
    return (at, ended) => {
      const by = Math.max(-from, Math.min(model.total - 1 - to, positionAt(model, at.x) - grabbed));
      emit(slideRange(from + by), ended ? "done" : "live");
    };
  });

  /** The length, as a way back to a range that is out of view, with an arrow to where it is. */
  function drawLength({ from, to }: Range): void {
    const { state, layout } = model;
    const [left, right] = [to < state.pos, from >= state.pos + layout.columns];
    show.textContent = `${left ? "‹ " : ""}range of ${lengthOf(state)}${right ? " ›" : ""}`;
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
      bar.textContent = constraints[i] * model.layout.columnWidth < WRITTEN ? "" : "off";
    });
    place(off[0], model, range.from - constraints[0], range.from - 1);
    place(off[1], model, range.to + 1, range.to + constraints[1]);
    handles.forEach((grip, i) => {
      grip.style.left = `${(HANDLES[i].at(model.state) - pos) * model.layout.columnWidth}px`;
      grip.setAttribute("aria-valuenow", String(HANDLES[i].value(model.state)));
      grip.setAttribute("aria-valuemin", "0");
    });
  };
};
