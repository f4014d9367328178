/** How tokens are written on the page. */
import { quantileSorted } from "d3-array";

const SIGNS: Record<string, string> = { " ": "␣", "\n": "⏎", "\r": "␍", "\t": "⇥", "\u00a0": "⍽" };
const CHARACTER_WIDTH = 7.2;
const NARROW = 32;
const NARROWEST_CHARACTERS = 7;

/** A token as it is shown: white space, of which there would be nothing to see, as signs. */
export function visible(token: string): string {
  if (token === "") return "∅";
  return token.trim() === "" ? [...token].map((c) => SIGNS[c] ?? "␣").join("") : token;
}

/** Running text on one line: as it is but for line breaks and tabs, which are signs. */
export const visibleText = (text: string): string => text.replaceAll(/[\n\r\t]/g, (c) => SIGNS[c]);

/** Whether the corpus is one of characters, which are set in a narrow, fixed grid. */
export const areCharacters = (tokens: readonly string[]): boolean =>
  tokens.every((token) => [...token].length <= 1);

/**
 * What a column of `width` pixels shows of `text`: its first character where there is no room for an ellipsis, and
 * nothing of a number that does not fit, since a part of it would lie.
 */
export function fitted(text: string, width: number): string {
  if (text.length <= 1 || text.length * CHARACTER_WIDTH <= width) return text;
  if (!Number.isNaN(Number(text))) return "";
  return width >= NARROW ? text : ([...text][0] ?? "");
}

/** The width of a column, in pixels, in which four of five tokens are written out. */
export function columnWidthFor(tokens: readonly string[]): number {
  if (areCharacters(tokens)) return 15;
  const lengths = tokens.map((token) => visible(token).length).sort((a, b) => a - b);
  const usual = quantileSorted(lengths, 0.8) ?? 1;
  return Math.round(Math.min(84, Math.max(24, usual * CHARACTER_WIDTH + 12)));
}

/** The narrowest column in which tokens that are usually set in `usual` pixels can still be read. */
export const narrowestFor = (characters: boolean, usual: number): number =>
  characters ? NARROWEST_CHARACTERS : Math.min(NARROW, usual);
