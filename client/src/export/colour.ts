/** Colours as a computed style writes them, in the older notation that every program that opens an SVG reads. */

export interface Colour {
  /** `rgb(r,g,b)`. */
  readonly solid: string;
  /** 0 to 1. */
  readonly opacity: number;
}

/** Of `rgb(1, 2, 3)`, `rgba(1, 2, 3, 0.5)` and `color(srgb 0.1 0.2 0.3 / 0.5)`; null of what can't be seen or read. */
export function colourOf(text: string): Colour | null {
  const parts = /^(rgba?|color)\((srgb )?([^)]*)\)$/.exec(text);
  if (!parts) return null;
  const [red, green, blue, opacity = 1] = (parts[3].match(/-?[\d.]+(e-?\d+)?/g) ?? []).map(Number);
  if (opacity === 0 || blue === undefined) return null;
  const scale = parts[2] ? 255 : 1;
  const channels = [red, green, blue].map((c) => Math.min(255, Math.max(0, Math.round(c * scale))));
  return { solid: `rgb(${channels.join(",")})`, opacity };
}
