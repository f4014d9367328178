import { type LabColor, lab, rgb } from "d3-color";
import { describe, expect, it } from "vitest";
import css from "../src/style/base.css?raw";

/** How people see who lack a kind of cone, on linear RGB: Machado, Oliveira and Fernandes 2009, severity 1. */
const SIGHTS = {
  usual: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.1523, 1.0526, -0.2049, 0.1145, 0.7863, 0.0992, -0.0039, -0.0481, 1.052],
  deuteranopia: [0.3673, 0.8606, -0.228, 0.2801, 0.6725, 0.0474, -0.0118, 0.0429, 0.9689],
  tritanopia: [1.2555, -0.0767, -0.1788, -0.0784, 0.9308, 0.1476, 0.0047, 0.6914, 0.3039],
};
/** The least difference in CIE Lab between two lines, and the least contrast of a line (WCAG 2.2, 1.4.11). */
const TOLD_APART = 20;
const CONTRAST = 3;

const [light, dark] = css.split('data-theme="dark"');
const colours = (theme: string, name: string) =>
  [...theme.matchAll(new RegExp(`--${name}: (#\\w{6})`, "g"))].map(([, colour]) => colour);

function linear(colour: string): number[] {
  const { r, g, b } = rgb(colour);
  return [r, g, b].map((byte) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

function seen(colour: string, sight: readonly number[]): LabColor {
  const from = linear(colour);
  const bytes = [0, 3, 6].map((row) => {
    const value = Math.min(
      1,
      Math.max(
        0,
        from.reduce((sum, x, i) => sum + x * sight[row + i], 0),
      ),
    );
    return 255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);
  });
  return lab(rgb(bytes[0], bytes[1], bytes[2]));
}

function luminance(colour: string): number {
  const [r, g, b] = linear(colour);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe.each([
  ["light", light],
  ["dark", dark],
])("the hues of the %s theme", (_, theme) => {
  const hues = colours(theme, "hue-\\d");
  const [paper] = colours(theme, "paper");

  it.each(Object.entries(SIGHTS))("are told apart with %s", (_, sight) => {
    const all = hues.map((hue) => seen(hue, sight));
    const differences = all.flatMap((a, i) =>
      all.slice(0, i).map((b) => Math.hypot(a.l - b.l, a.a - b.a, a.b - b.b)),
    );
    expect(differences).toHaveLength(28);
    expect(Math.min(...differences)).toBeGreaterThan(TOLD_APART);
  });

  it("stand out from the paper", () => {
    for (const hue of hues) {
      const [low, high] = [luminance(hue), luminance(paper)].sort((a, b) => a - b);
      expect((high + 0.05) / (low + 0.05)).toBeGreaterThan(CONTRAST);
    }
  });
});
