/** A brush that draws itself over the words on screen, or over what stands in for them, to show what a hand could do. */
import { element } from "../dom";
import { valueAt } from "../encoding";
import { GUTTER } from "../layout";
import { watch } from "../memo";
import type { Model } from "../model";
import { dimOf } from "../state";
import { visible } from "../tokens";
import { drawLevel } from "./level";

const TOKENS = 8;
/** Fewest and most pixels of a token, and those to keep free beside all of them. */
const WIDTHS = [30, 84] as const;
const BESIDE = GUTTER + 32;

/** The element, and a function that writes into it what is on screen. */
export function demonstration(): { root: HTMLElement; draw: (model: Model) => void } {
  const tokens = Array.from({ length: TOKENS }, () => element("span", { class: "demonstrated" }));
  const root = element("div", { class: "demonstration", "aria-hidden": "true" });
  root.append(...tokens, element("div", { class: "demonstration-brush" }));
  const changed = watch();
  return {
    root,
    draw({ window, state, layout, standIn }) {
      if (!changed(window, state.pos, layout.columnWidth, layout.width, standIn)) return;
      const room = (layout.width - BESIDE) / TOKENS;
      const width = Math.min(room, WIDTHS[1], Math.max(WIDTHS[0], layout.columnWidth));
      root.style.setProperty("--demonstrated", `${width}px`);
      tokens.forEach((token, i) => {
        const step = state.pos + i - (window?.from ?? 0);
        if (window && standIn) {
          token.textContent = "";
          drawLevel(token, standIn, valueAt(window.context, dimOf(standIn.name), 0, step));
          return;
        }
        const word = window?.context.words?.[0]?.words[step];
        token.textContent = word === undefined ? "·" : visible(word);
      });
    },
  };
}
