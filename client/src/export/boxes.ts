/** What CSS paints of a box: background, borders, inset shadows and outline, as far as the style sheets here use them. */
import { type Attributes, type Box, draw, painted } from "./svg";

const SIDES = ["top", "right", "bottom", "left"] as const;
type Side = (typeof SIDES)[number];

let gradients = 0;

export function drawBox(out: Element, box: Box, style: CSSStyleDeclaration, outlined: boolean): void {
  if (box.width <= 0 && box.height <= 0) return;
  const { x, y, width, height } = box;
  const radius = Math.min(Number.parseFloat(style.borderTopLeftRadius) || 0, width / 2, height / 2);
  const fill = painted("fill", style.backgroundColor) ?? stripes(out, box, style.backgroundImage);
  if (fill) draw(out, "rect", { x, y, width, height, rx: radius || null, ...fill });
  drawInsetShadow(out, box, style.boxShadow);
  drawBorders(out, box, style, radius);
  if (outlined && style.outlineStyle === "solid") {
    const wide = Number.parseFloat(style.outlineWidth);
    const grown = inset(box, -(Number.parseFloat(style.outlineOffset) + wide / 2));
    const stroke = painted("stroke", style.outlineColor);
    if (stroke) draw(out, "rect", { ...grown, fill: "none", "stroke-width": wide, ...stroke });
  }
}

function drawBorders(out: Element, box: Box, style: CSSStyleDeclaration, radius: number): void {
  const borders = SIDES.flatMap((side) => {
    const stroke = painted("stroke", style.getPropertyValue(`border-${side}-color`));
    const width = Number.parseFloat(style.getPropertyValue(`border-${side}-width`));
    const line = style.getPropertyValue(`border-${side}-style`);
    if (!stroke || !(width > 0) || line === "none" || line === "hidden") return [];
    const dash = line === "dashed" ? `${3 * width} ${2 * width}` : null;
    return [{ side, width, attributes: { ...stroke, "stroke-width": width, "stroke-dasharray": dash } }];
  });
  const [first] = borders;
  if (!first) return;
  if (
    borders.length === SIDES.length &&
    borders.every((border) => same(border.attributes, first.attributes))
  ) {
    const rx = Math.max(0, radius - first.width / 2) || null;
    draw(out, "rect", { ...inset(box, first.width / 2), rx, fill: "none", ...first.attributes });
  } else {
    for (const { side, width, attributes } of borders)
      draw(out, "line", { ...edge(box, side, width), ...attributes });
  }
}

/** The middle of a border. */
function edge({ x, y, width, height }: Box, side: Side, thick: number): Attributes {
  const half = thick / 2;
  switch (side) {
    case "top":
      return { x1: x, x2: x + width, y1: y + half, y2: y + half };
    case "bottom":
      return { x1: x, x2: x + width, y1: y + height - half, y2: y + height - half };
    case "left":
      return { x1: x + half, x2: x + half, y1: y, y2: y + height };
    default:
      return { x1: x + width - half, x2: x + width - half, y1: y, y2: y + height };
  }
}

/** An inset shadow without blur is the box without itself moved and shrunk: how a side is marked without a border. */
function drawInsetShadow(out: Element, { x, y, width, height }: Box, shadow: string): void {
  const parts = /^(.*\)) (-?[\d.]+)px (-?[\d.]+)px 0px (-?[\d.]+)px inset$/.exec(shadow);
  const fill = parts && painted("fill", parts[1]);
  if (!parts || !fill) return;
  const [dx, dy, spread] = parts.slice(2).map(Number);
  const left = Math.max(x, x + dx + spread);
  const right = Math.min(x + width, x + width + dx - spread);
  const top = Math.max(y, y + dy + spread);
  const bottom = Math.min(y + height, y + height + dy - spread);
  const outer = `M${x} ${y}h${width}v${height}h${-width}z`;
  draw(out, "path", {
    d: `${outer}M${left} ${top}H${right}V${bottom}H${left}z`,
    "fill-rule": "evenodd",
    ...fill,
  });
}

/** The fill of stripes: `repeating-linear-gradient(ANGLEdeg, COLOUR PLACEpx, COLOUR PLACEpx, ...)`. */
function stripes(out: Element, { x, y, width, height }: Box, image: string): Attributes | null {
  const parts = /^repeating-linear-gradient\((-?[\d.]+)deg, (.*)\)$/.exec(image);
  if (!parts) return null;
  const [, degrees, listed] = parts;
  const angle = (Number(degrees) * Math.PI) / 180;
  const [along, down] = [Math.sin(angle), -Math.cos(angle)];
  const length = Math.abs(width * along) + Math.abs(height * down);
  const stops = [...listed.matchAll(/((?:rgba?|color)\([^)]*\)) ([\d.]+)px/g)];
  const period = Number(stops.at(-1)?.[2] ?? 0);
  if (!(period > 0)) return null;
  const [x1, y1] = [x + width / 2 - (along * length) / 2, y + height / 2 - (down * length) / 2];
  const id = `gradient-${++gradients}`;
  const made = draw(out, "linearGradient", {
    id,
    gradientUnits: "userSpaceOnUse",
    spreadMethod: "repeat",
    x1,
    y1,
    x2: x1 + along * period,
    y2: y1 + down * period,
  });
  for (const [, colour, place] of stops) {
    const { fill = "#000", "fill-opacity": opacity = null } = painted("fill", colour) ?? {
      "fill-opacity": 0,
    };
    draw(made, "stop", {
      offset: String(Number(place) / period),
      "stop-color": fill,
      "stop-opacity": opacity,
    });
  }
  return { fill: `url(#${id})` };
}

const inset = ({ x, y, width, height }: Box, by: number): Attributes & Box => ({
  x: x + by,
  y: y + by,
  width: Math.max(0, width - 2 * by),
  height: Math.max(0, height - 2 * by),
});

const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);
