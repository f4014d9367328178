/** Dragging along the columns of a lane: what is dragged stays in view, and beyond an edge the view comes along. */
import { type Moved, onDrag, type Point } from "../drag";
import type { Model } from "../model";
import { panBy } from "../state";
import type { Emit } from "../store";

/** How fast the view moves while the pointer is beyond an edge; pixels a second. */
const SPEED = 300;

/** As `onDrag` with points relative to `lane`, none of them outside the columns of `now`. */
export function onColumnDrag(
  target: HTMLElement,
  lane: HTMLElement,
  now: () => Model,
  emit: Emit,
  start: (at: Point, event: PointerEvent) => Moved,
): void {
  onDrag(target, lane, (down, event) => {
    const width = () => now().layout.columns * now().layout.columnWidth;
    const inside = ({ x, y }: Point): Point => ({ x: Math.min(width() - 1, Math.max(0, x)), y });
    let last = inside(down);
    const moved = start(last, event);
    const pan = () => {
      const at = inside(last);
      if (at.x === last.x) return;
      emit(panBy(Math.sign(last.x - at.x)), "live");
      moved(at, "live");
    };
    const timer = setInterval(pan, (1000 * now().layout.columnWidth) / SPEED);
    return (at, phase) => {
      last = at;
      if (phase !== "live") clearInterval(timer);
      moved(inside(at), phase);
    };
  });
}
