/** One gesture of the pointer, from press to release, with positions relative to an element. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Gets each move of a gesture, and its end. */
type Moved = (at: Point, ended: boolean) => void;

/**
 * Calls `start` when the primary button goes down on `target`; what it returns gets the moves until the button is up,
 * wherever the pointer goes. Points are relative to `frame`.
 */
export function onDrag(
  target: HTMLElement,
  frame: HTMLElement,
  start: (at: Point, event: PointerEvent) => Moved | null,
): void {
  target.addEventListener("pointerdown", (down) => {
    if (down.button !== 0) return;
    const moved = start(locate(down, frame), down);
    if (!moved) return;
    down.stopPropagation();
    target.setPointerCapture(down.pointerId);
    let last = locate(down, frame);
    const move = (event: PointerEvent) => {
      if (event.pointerId !== down.pointerId) return;
      last = locate(event, frame);
      moved(last, false);
    };
    const end = (event: PointerEvent) => {
      if (event.pointerId !== down.pointerId) return;
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", end);
      target.removeEventListener("pointercancel", end);
      moved(event.type === "pointerup" ? locate(event, frame) : last, true);
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", end);
    target.addEventListener("pointercancel", end);
  });
}

export function locate(event: MouseEvent, frame: HTMLElement): Point {
  const box = frame.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}
