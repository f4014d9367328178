/** Making elements of an SVG document that is never shown, so that no rule of the page or of its policy concerns it. */
import { colourOf } from "./colour";

export const SVG = "http://www.w3.org/2000/svg";

export type Attributes = Record<string, string | number | null>;

/** A rectangle in pixels of the page. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Makes an element as the last child of `parent`; what is null is left out. */
export function draw(parent: Element, tag: string, attributes: Attributes, text?: string): Element {
  const made = parent.ownerDocument.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) made.setAttribute(name, typeof value === "number" ? rounded(value) : value);
  }
  if (text !== undefined) made.textContent = text.replace(NOT_IN_XML, "\ufffd");
  return parent.appendChild(made);
}

/** Everything that XML can't hold, which a token may well be: most control characters, and half of a pair. */
const NOT_IN_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/** `fill` or `stroke` and its opacity; null where there would be nothing to see. */
export function painted(role: "fill" | "stroke", colour: string): Attributes | null {
  const read = colourOf(colour);
  return read && { [role]: read.solid, [`${role}-opacity`]: read.opacity < 1 ? read.opacity : null };
}

const rounded = (value: number): string => String(Math.round(value * 100) / 100);
