/** A picture as pixels. */
import type { Picture } from "./picture";

/** Pixels of the file for one of the page, and what browsers hold at most: pixels a side, and in all. */
export const SCALE = 2;
const MOST_SIDE = 32_767;
const MOST_PIXELS = 2 ** 28;

/** As fine as it is meant to be, or as a browser can draw. */
export const scaleOf = (width: number, height: number): number =>
  Math.min(SCALE, MOST_SIDE / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));

/** As a PNG, twice as fine as the page; with its scale, which is less where it would be larger than a browser can draw. */
export async function pngOf({ svg, width, height }: Picture): Promise<{ png: Blob; scale: number }> {
  const scale = scaleOf(width, height);
  const image = new Image();
  const source = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    image.src = source;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
    if (!png) throw new Error("none");
    return { png, scale };
  } catch {
    throw new Error("This browser can't draw a picture that large; the SVG has no limit.");
  } finally {
    URL.revokeObjectURL(source);
  }
}
