/** Says once, above the matches, what of the address with which the page was opened could not be shown. */
import { add, button, element } from "../dom";

/** Gives a function that says it; nothing is shown where there is nothing to say. */
export function misfitsNote(parent: HTMLElement): (clauses: readonly string[]) => void {
  const root = add(parent, "div", { class: "misfits", role: "status" });
  root.hidden = true;
  const close = () => {
    root.hidden = true;
  };
  return (clauses) => {
    if (clauses.length === 0) return;
    root.hidden = false;
    root.replaceChildren(
      element("span", {}, `Not all of this address fits: ${clauses.join("; ")}.`),
      button("×", close, { class: "quiet", "aria-label": "Close" }),
    );
  };
}
