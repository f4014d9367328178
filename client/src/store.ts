/** Holds the state of the page, its past, and the address that goes with it. */
import { fromQuery, toQuery } from "./address";
import type { Gesture } from "./drag";
import { backTo, having, passing, type State, sameChoice, type Transition } from "./state";

/**
 * How a change comes about: `live` while a gesture is under way, `done` when it is one step by itself or the last of a
 * gesture, `cancel` when the gesture is called off, so that only where one looks changes, and `jump` when it leads
 * elsewhere, so that the browser's back button leads back.
 */
export type Phase = Gesture | "jump";
export type Emit = (transition: Transition, phase?: Phase) => void;

export interface Store {
  readonly state: () => State;
  readonly emit: Emit;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly canUndo: () => boolean;
  readonly canRedo: () => boolean;
  /** Whether the address still has to follow the state. */
  readonly busy: () => boolean;
}

const UNDO_STEPS = 100;
/** Browsers refuse to replace an address much more often than this, in milliseconds. */
const ADDRESS_PAUSE = 200;

export function createStore(changed: () => void): Store {
  let state = fromQuery(location.search);
  let settled = state;
  history.replaceState(null, "", toQuery(state));
  let timer: number | undefined;
  const past: State[] = [];
  let undone: State[] = [];

  function set(next: State): void {
    if (next === state) return;
    state = next;
    timer ??= window.setTimeout(writeAddress, ADDRESS_PAUSE);
    changed();
  }

  function writeAddress(): void {
    clearTimeout(timer);
    timer = undefined;
    const query = toQuery(state);
    if (query !== location.search) history.replaceState(null, "", query);
    changed();
  }

  /** Ends a step: remembers what was before it, unless one only looked elsewhere. */
  function settle(): void {
    if (!sameChoice(settled, state)) {
      past.push(settled);
      if (past.length > UNDO_STEPS) past.shift();
      undone = [];
      // The end of a gesture may leave the state as its last move left it, and yet there is a step to undo now.
      changed();
    }
    settled = state;
  }

  /** Goes to the last state of `from`, and remembers the one before in `to`. */
  function step(from: State[], to: State[]): void {
    const next = from.pop();
    if (!next) return;
    to.push(settled);
    settled = next;
    set(having(next, passing(state)));
  }

  window.addEventListener("popstate", () => {
    const { query, foundLimit } = state;
    set(having(fromQuery(location.search), { query, foundLimit }));
    settle();
  });

  return {
    state: () => state,
    busy: () => timer !== undefined,
    emit(transition, phase = "done") {
      const changed = transition(state);
      const next = phase === "cancel" ? backTo(settled)(changed) : changed;
      if (phase === "jump" && next !== state) {
        writeAddress();
        history.pushState(null, "", toQuery(next));
      }
      set(next);
      if (phase !== "live") settle();
    },
    undo: () => step(past, undone),
    redo: () => step(undone, past),
    canUndo: () => past.length > 0,
    canRedo: () => undone.length > 0,
  };
}
