/**
 * The page as one SVG document, with text as text, in the theme and with everything else as it is on the screen.
 *
 * Draws what the views of this page are made of: boxes, text, form fields, canvases and SVG. The list of matches is drawn
 * whole, also what is not scrolled into view; what hovers over the page (menus, tooltips, dialogs) is not drawn.
 */
import { drawBox } from "./boxes";
import { type Box, draw, painted, SVG } from "./svg";
import { drawText, metricsOf, type Origin, writeText } from "./texts";

export interface Picture {
  /** The document, as text. */
  readonly svg: string;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
}

const STYLE = "<style>text{white-space:pre;font-variant-numeric:tabular-nums}</style>";
const OVERLAYS = "dialog, .popup, .tooltip, noscript, script, style";

/** A picture of `page`; the address in it leads back to what it shows. */
export function pictureOf(page: HTMLElement, title: string, address: string): Picture {
  for (const animation of page.ownerDocument.getAnimations()) {
    if (Number.isFinite(animation.effect?.getComputedTiming().endTime)) animation.finish();
  }
  return laidOutWhole(page, () => {
    const [width, height] = [page.scrollWidth, page.scrollHeight];
    const document = page.ownerDocument.implementation.createDocument(SVG, "svg");
    const root = document.documentElement;
    const size = { width: String(width), height: String(height), viewBox: `0 0 ${width} ${height}` };
    for (const [name, value] of Object.entries(size)) root.setAttribute(name, value);
    draw(root, "title", {}, title);
    draw(root, "desc", {}, address);
    draw(root, "rect", { width, height, ...painted("fill", getComputedStyle(page).backgroundColor) });
    const { left, top } = page.getBoundingClientRect();
    drawChildren(root, page, { x: left, y: top });
    // Put in as text: a style element made by a page concerns the page's policy, wherever it is put.
    const svg = new XMLSerializer().serializeToString(document).replace("<title>", `${STYLE}<title>`);
    return { svg, width, height };
  });
}

/** Does something while all that scrolls is laid out in full; nothing of it is seen. */
function laidOutWhole<T>(page: HTMLElement, act: () => T): T {
  const scrolled = [...page.querySelectorAll<HTMLElement>(".match-body")].map((part) => {
    const { scrollLeft, scrollTop } = part;
    return () => part.scrollTo(scrollLeft, scrollTop);
  });
  page.classList.add("whole");
  try {
    return act();
  } finally {
    page.classList.remove("whole");
    for (const restore of scrolled) restore();
  }
}

/** What is positioned is painted over what is not, in the order of its layers. */
function drawChildren(out: Element, parent: Element, origin: Origin): void {
  const layers = new Map<ChildNode, number>();
  for (const node of parent.childNodes) layers.set(node, layerOf(node));
  for (const node of [...layers.keys()].sort((a, b) => (layers.get(a) ?? 0) - (layers.get(b) ?? 0))) {
    if (node instanceof Element) drawElement(out, node, origin);
    else if (node instanceof Text) drawText(out, node, getComputedStyle(parent), origin);
  }
}

function layerOf(node: ChildNode): number {
  if (!(node instanceof Element)) return 0;
  const { position, zIndex } = getComputedStyle(node);
  return position === "static" ? 0 : 1 + (Number(zIndex) || 0);
}

function drawElement(parent: Element, element: Element, origin: Origin): void {
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
  if (element.matches(OVERLAYS)) return;
  const box = boxOf(element.getBoundingClientRect(), origin);
  const view = element instanceof HTMLElement ? element.dataset.view : undefined;
  let out = parent;
  if (view || style.opacity !== "1") {
    out = draw(out, "g", {
      "data-view": view ?? null,
      opacity: style.opacity === "1" ? null : style.opacity,
    });
  }
  drawBox(out, box, style, element !== document.activeElement);
  drawPseudo(out, element, style, box);
  if (element instanceof HTMLCanvasElement) drawCanvas(out, element, style, box);
  else if (element instanceof SVGSVGElement) drawVector(out, element, box);
  else if (element instanceof HTMLInputElement) drawField(out, element, style, box);
  else if (element instanceof HTMLSelectElement) drawMenu(out, element, style, box);
  else drawChildren(linked(clipped(out, element, style, box), element), element, origin);
}

const boxOf = ({ left, top, width, height }: DOMRect, origin: Origin): Box => ({
  x: left - origin.x,
  y: top - origin.y,
  width,
  height,
});

/** An SVG inside another shows nothing outside its viewport. */
function clipped(out: Element, element: Element, style: CSSStyleDeclaration, box: Box): Element {
  if (style.overflowX === "visible") return out;
  const inside = element.childElementCount === 0 && element.scrollWidth <= element.clientWidth;
  return inside ? out : viewport(out, box);
}

function viewport(out: Element, { x, y, width, height }: Box): Element {
  const viewBox = [x, y, width, height].map((value) => Math.round(value * 100) / 100).join(" ");
  return draw(out, "svg", { x, y, width, height, viewBox });
}

const linked = (out: Element, element: Element): Element =>
  element instanceof HTMLAnchorElement && element.href ? draw(out, "a", { href: element.href }) : out;

/** The `::before` that a style sheet draws with: a positioned box without text. */
function drawPseudo(out: Element, element: Element, style: CSSStyleDeclaration, box: Box): void {
  const pseudo = getComputedStyle(element, "::before");
  if (pseudo.content === "none" || pseudo.position !== "absolute") return;
  const [left, top, width, height, ...borders] = [
    pseudo.left,
    pseudo.top,
    pseudo.width,
    pseudo.height,
    pseudo.borderLeftWidth,
    pseudo.borderTopWidth,
    pseudo.borderRightWidth,
    pseudo.borderBottomWidth,
  ].map((length) => Number.parseFloat(length) || 0);
  const outside = pseudo.boxSizing === "content-box" ? borders : [0, 0, 0, 0];
  const place = {
    x: box.x + (Number.parseFloat(style.borderLeftWidth) || 0) + left,
    y: box.y + (Number.parseFloat(style.borderTopWidth) || 0) + top,
    width: width + outside[0] + outside[2],
    height: height + outside[1] + outside[3],
  };
  const target = pseudo.opacity === "1" ? out : draw(out, "g", { opacity: pseudo.opacity });
  drawBox(target, place, pseudo, false);
}

/** As it is on the screen, pixel by pixel; what the style sheet magnifies with hard edges is magnified here. */
function drawCanvas(out: Element, canvas: HTMLCanvasElement, style: CSSStyleDeclaration, box: Box): void {
  if (canvas.width === 0 || canvas.height === 0) return;
  let shown = canvas;
  if (style.imageRendering === "pixelated") {
    shown = canvas.ownerDocument.createElement("canvas");
    shown.width = Math.round(box.width * devicePixelRatio);
    shown.height = Math.round(box.height * devicePixelRatio);
    const context = shown.getContext("2d") as CanvasRenderingContext2D;
    context.imageSmoothingEnabled = false;
    context.drawImage(canvas, 0, 0, shown.width, shown.height);
  }
  draw(out, "image", { ...box, preserveAspectRatio: "none", href: shown.toDataURL() });
}

const INHERITED = [
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "stroke-width",
  "opacity",
] as const;

/** A copy of an SVG that carries its computed colours itself, since the style sheet stays behind. */
function drawVector(out: Element, source: SVGSVGElement, { x, y, width, height }: Box): void {
  const copy = draw(out, "svg", { x, y, width, height, overflow: getComputedStyle(source).overflowX });
  for (const child of source.children) copyVector(copy, child);
}

function copyVector(out: Element, source: Element): void {
  const style = getComputedStyle(source);
  if (style.display === "none" || source.tagName === "title") return;
  const geometry = [...source.attributes].filter(
    ({ name }) => !/^(class|style|fill|stroke|data-)/.test(name),
  );
  const copy = draw(out, source.tagName, {
    ...Object.fromEntries(geometry.map(({ name, value }) => [name, value])),
    fill: "none",
    ...painted("fill", style.fill),
    ...painted("stroke", style.stroke),
    ...Object.fromEntries(INHERITED.map((name) => [name, style.getPropertyValue(name)])),
  });
  for (const node of source.childNodes) {
    if (node instanceof Element) copyVector(copy, node);
    else if (node instanceof Text) copy.append(copy.ownerDocument.createTextNode(node.data));
  }
}

/** Room for the arrow of a menu. */
const ARROW = 16;

function drawField(out: Element, input: HTMLInputElement, style: CSSStyleDeclaration, box: Box): void {
  const pseudo = input.value === "" ? getComputedStyle(input, "::placeholder") : style;
  writeInside(out, input.value || input.placeholder, pseudo, style, box, 0);
}

function drawMenu(out: Element, menu: HTMLSelectElement, style: CSSStyleDeclaration, box: Box): void {
  const arrow = style.appearance === "none" ? 0 : ARROW;
  writeInside(out, menu.selectedOptions[0]?.label ?? "", style, style, box, arrow);
  const stroke = painted("stroke", style.color);
  if (!arrow || !stroke) return;
  const [x, y] = [box.x + box.width - ARROW, box.y + box.height / 2 - 2];
  draw(out, "path", { d: `M${x} ${y}l4 4l4 -4`, fill: "none", "stroke-width": 1.5, ...stroke });
}

/** One line in the middle of the height of a field, cut at its edge. */
function writeInside(
  out: Element,
  text: string,
  ink: CSSStyleDeclaration,
  style: CSSStyleDeclaration,
  box: Box,
  kept: number,
): void {
  const [left, right] = [style.paddingLeft, style.paddingRight].map(
    (padding) => Number.parseFloat(padding) + (Number.parseFloat(style.borderLeftWidth) || 0),
  );
  const { ascent, descent } = metricsOf(style);
  const y = box.y + (box.height + ascent - descent) / 2;
  const inner = viewport(out, { ...box, width: box.width - kept });
  writeText(inner, text, box.x + left, y, ink);
  if (style.textAlign !== "right" && style.textAlign !== "end") return;
  inner.lastElementChild?.setAttribute("text-anchor", "end");
  inner.lastElementChild?.setAttribute("x", String(box.x + box.width - right));
}
