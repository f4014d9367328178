/** What the page says where there are no matches to show: how to begin, what is in the way, what went wrong. */
import type { ApiError } from "../api";
import { add, button, counted, element, formatCount } from "../dom";
import { watch } from "../memo";
import type { Model } from "../model";
import type { Excluded } from "../selection";
import {
  bringBack,
  constrain,
  keepLengths,
  lengthOf,
  moveEnd,
  pin,
  setLengthRule,
  setThreshold,
  showRange,
  type Transition,
} from "../state";
import type { Emit } from "../store";
import { demonstration } from "./demonstration";
import type { Render } from "./view";

type Button = readonly [label: string, transition: Transition];

/** Whether there is a range, and none of it in view. */
const isAway = ({ state: { range, pos }, layout }: Model): boolean =>
  range !== null && (range.to < pos || range.from >= pos + layout.columns);

export function notice(parent: HTMLElement, emit: Emit, retry: () => void): Render {
  const root = add(parent, "div", { class: "notice", "aria-live": "polite" });
  const changed = watch();
  const shown = demonstration();

  const say = (text: string, ...more: Node[]) => root.replaceChildren(element("p", {}, text), ...more);
  const offer = (buttons: readonly Button[]) =>
    element(
      "div",
      { class: "offers" },
      ...buttons.map(([label, transition]) => button(label, () => emit(transition))),
    );

  return (model) => {
    const { state, selected, excluded, matches, settled, entries, info, source } = model;
    shown.draw(model);
    const error =
      model.error("entries") ??
      model.error("window") ??
      model.error("cuts") ??
      model.error("selection") ??
      model.error("matches");
    const waiting = model.stale("matches") || model.stale("window");
    const away = isAway(model);
    if (
      !changed(
        error?.message,
        error?.retryAfter,
        error?.progress,
        entries,
        source,
        selected,
        excluded,
        matches,
        settled,
        state.range,
        state.lengths,
        state.lengthRule,
        waiting,
        away,
      )
    )
      return;
    const rows = matches?.matches.rankingDetail.length ?? 0;
    root.hidden = false;
    root.className = "notice";
    if (error) sayError(error);
    else if (entries && !info)
      say(`There is no project “${state.project}” here.`, element("a", { href: "./" }, "All projects"));
    else if (entries && !source) {
      say(
        info?.error ?? `This project has no source “${state.source}”.`,
        element("a", { href: "./" }, "All projects"),
      );
    } else if (!state.range && selected.length === 0) invite(model);
    else if (excluded) explain(excluded, model);
    else if (settled && selected.length === 0 && (state.pinned || model.takenOut > 0)) {
      const back: Button = state.pinned ? ["Unpin", pin(null)] : ["Bring them back", bringBack];
      say("All selected cells were taken out by hand.", offer([back]));
    } else if (matches && rows === 0 && !waiting) sayNoMatch(model);
    else root.hidden = true;
  };

  function sayError(error: ApiError): void {
    root.className = error.retryAfter === null ? "notice error" : "notice";
    if (error.retryAfter === null) say(error.message, button("Try again", retry));
    else
      say(
        error.message,
        element("progress", { max: 1, ...(error.progress !== null && { value: error.progress }) }),
      );
  }

  function invite({ hasWords }: Model): void {
    say(
      `Drag over some ${hasWords ? "words" : "steps"}. The cells that are on there, and off just before, are selected at once, and every other place where they do the same is listed here.`,
      shown.root,
    );
  }

  function explain(reason: Excluded, model: Model): void {
    const { state, layout } = model;
    const { range, constraints, threshold } = state;
    if (!range) return;
    switch (reason.by) {
      case "start":
        say(
          `No cell fits: a sequence starts at position ${formatCount(reason.at)}, and a range cannot reach across.`,
          offer([
            ["End the range before it", moveEnd("to", reason.at - 1)],
            ["Begin it there", moveEnd("from", reason.at)],
          ]),
        );
        break;
      case "constraints": {
        const [before, after] = reason.constraints;
        const freed = [
          ...(before !== constraints[0] ? [`off before ${constraints[0]}`] : []),
          ...(after !== constraints[1] ? [`off after ${constraints[1]}`] : []),
        ];
        say(
          `No cell fits: ${counted(reason.cells, "cell")} would, but for “${freed.join("” and “")}”.`,
          offer([
            [
              `Leave ${freed.length > 1 ? "both ends" : "that end"} free`,
              (s) => constrain(1, after)(constrain(0, before)(s)),
            ],
          ]),
        );
        break;
      }
      case "threshold":
        say(
          `No cell fits at threshold ${threshold}, but ${counted(reason.cells, "cell")} would at ${reason.threshold}.`,
          offer([[`Lower the threshold to ${reason.threshold}`, setThreshold(reason.threshold)]]),
        );
        break;
      case "range": {
        const { from, to } = reason.range;
        const first = to === from ? "the first" : `the first ${formatCount(to - from + 1)}`;
        say(
          `No cell fits all ${counted(lengthOf(state), "position")}, but ${counted(reason.cells, "cell")} would fit ${first} of them.`,
          offer([["Shorten the range", moveEnd("to", to)]]),
        );
        break;
      }
      case "all":
        say(
          "No cell fits, at no threshold and for no shorter range from here. Try another place, or fewer steps before and after.",
        );
        break;
      case "unseen":
        if (isAway(model)) {
          say(
            `No cell fits at threshold ${threshold}. The range is out of view; why is told where it is.`,
            offer([["Show the range", showRange(layout.columns)]]),
          );
        } else {
          say(
            `No cell fits at threshold ${threshold}. The range, with the steps around it, is too long here to tell why.`,
          );
        }
    }
  }

  function sayNoMatch({ state }: Model): void {
    const filters: Button[] = [
      ...(state.lengths ? [["All lengths", keepLengths(null)] as const] : []),
      ...(state.lengthRule !== "any" ? [["Any length", setLengthRule("any")] as const] : []),
    ];
    say("No place in the corpus matches.", ...(filters.length ? [offer(filters)] : []));
  }
}
