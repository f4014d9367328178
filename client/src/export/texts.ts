/** Text of the page as text of a picture: where each line of it begins, and what of it there is to be seen. */
import { draw, painted } from "./svg";

/** Where the page's own coordinates begin, in those of the screen. */
export interface Origin {
  readonly x: number;
  readonly y: number;
}

const ELLIPSIS = "…";
const context = new OffscreenCanvas(1, 1).getContext("2d") as OffscreenCanvasRenderingContext2D;
const ascents = new Map<string, { ascent: number; descent: number; ellipsis: number }>();

/** Above and below its baseline, and how wide an ellipsis is; pixels. */
export function metricsOf({ fontStyle, fontWeight, fontSize, fontFamily }: CSSStyleDeclaration) {
  const font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
  let found = ascents.get(font);
  if (!found) {
    context.font = font;
    const {
      fontBoundingBoxAscent: ascent,
      fontBoundingBoxDescent: descent,
      width,
    } = context.measureText(ELLIPSIS);
    found = { ascent, descent, ellipsis: width };
    ascents.set(font, found);
  }
  return found;
}

/** Draws a text node of an element, each of its lines at its place. */
export function drawText(out: Element, node: Text, style: CSSStyleDeclaration, { x, y }: Origin): void {
  const { ascent } = metricsOf(style);
  for (const { text, rect } of linesOf(node, style)) {
    writeText(out, text, rect.left - x, rect.top - y + ascent, style);
  }
}

/** Writes `text` with its baseline beginning at a point. */
export function writeText(
  out: Element,
  text: string,
  x: number,
  y: number,
  style: CSSStyleDeclaration,
): void {
  const fill = painted("fill", style.color);
  if (!fill || text === "") return;
  const decoration = style.textDecorationLine;
  draw(
    out,
    "text",
    {
      x,
      y,
      "font-family": style.fontFamily,
      "font-size": style.fontSize,
      "font-weight": style.fontWeight === "400" ? null : style.fontWeight,
      "text-decoration": decoration === "none" ? null : decoration,
      ...fill,
    },
    text,
  );
}

interface Line {
  readonly text: string;
  readonly rect: DOMRect;
}

function linesOf(node: Text, style: CSSStyleDeclaration): Line[] {
  const text = node.data;
  const kept = style.whiteSpaceCollapse === "preserve" || style.whiteSpace.startsWith("pre");
  const from = kept ? 0 : text.length - text.trimStart().length;
  const to = kept ? text.length : text.trimEnd().length;
  if (from >= to) return [];
  const range = node.ownerDocument.createRange();
  const measure = (start: number, end: number): DOMRect => {
    range.setStart(node, start);
    range.setEnd(node, end);
    return range.getBoundingClientRect();
  };
  const line = (start: number, end: number): Line => ({
    text: kept ? text.slice(start, end) : text.slice(start, end).replace(/\s+/g, " ").trimEnd(),
    rect: measure(start, end),
  });
  const whole = measure(from, to);
  if (whole.width === 0) return [];
  range.setEnd(node, to);
  if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size <= 1) {
    return [shortened(line(from, to), node, style, (end) => measure(from, end).width)];
  }
  // Wrapped: a line begins where the next word stands lower than the one before.
  const lines: Line[] = [];
  let begun = from;
  let top = Number.NaN;
  for (const word of text.slice(from, to).matchAll(/\S+/g)) {
    const at = from + word.index;
    const here = Math.round(measure(at, at + word[0].length).top);
    if (here !== top && !Number.isNaN(top)) {
      lines.push(line(begun, at));
      begun = at;
    }
    top = here;
  }
  return [...lines, line(begun, to)];
}

/** Cut as `text-overflow: ellipsis` cuts it; `widthTo` measures the text up to an offset. */
function shortened(
  line: Line,
  node: Text,
  style: CSSStyleDeclaration,
  widthTo: (end: number) => number,
): Line {
  const parent = node.parentElement as HTMLElement;
  if (style.textOverflow !== "ellipsis" || parent.scrollWidth <= parent.clientWidth) return line;
  const inner =
    parent.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
  const room = inner - metricsOf(style).ellipsis;
  const letters = [...line.text];
  let fit = letters.length;
  while (fit > 0 && widthTo(letters.slice(0, fit).join("").length) > room) fit--;
  return { ...line, text: letters.slice(0, fit).join("") + ELLIPSIS };
}
