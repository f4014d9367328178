/** One gesture of the pointer, from press to release, with positions relative to an element. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** How far a gesture is; Escape cancels it. */
export type Gesture = "live" | "done" | "cancel";

/** Gets each move of a gesture, and its end. */
export type Moved = (at: Point, phase: Gesture) => void;

/**
 * Calls `start` when the primary button goes down on `target`; what it returns gets the moves until the button is up
 * or Escape is pressed, wherever the pointer goes. Points are relative to `frame`.
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
    const gesture = new AbortController();
    const { signal } = gesture;
    const end = (phase: Gesture) => {
      gesture.abort();
      moved(last, phase);
    };
    const move = (event: PointerEvent) => {
      if (event.pointerId !== down.pointerId) return;
      if (event.type !== "pointercancel") last = locate(event, frame);
      if (event.type === "pointermove") moved(last, "live");
      else end("done");
    };
    for (const type of ["pointermove", "pointerup", "pointercancel"] as const) {
      target.addEventListener(type, move, { signal });
    }
    const cancel = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      target.releasePointerCapture(down.pointerId);
      end("cancel");
    };
    // Before anything else on the page takes the key.
    window.addEventListener("keydown", cancel, { capture: true, signal });
  });
}

export function locate(event: MouseEvent, frame: HTMLElement): Point {
  const box = frame.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}
