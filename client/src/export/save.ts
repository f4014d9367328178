/** Files for the person at this screen. */
import type { State } from "../state";

export function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser takes hold of it a moment after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** `PROJECT-FROM-TO`, with what a file name can't hold everywhere as underscores. */
export function fileStem({ project, range, pos, pinned }: State): string {
  const place = range ? `${range.from}-${range.to}` : pinned ? "pinned" : `${pos}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are among what a file name can't hold
  return `${project.replace(/[\u0000-\u001f<>:"/\\|?*]/g, "_")}-${place}`;
}
