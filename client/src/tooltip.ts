/** One small box beside the pointer, for what a canvas can't say otherwise. */
import { add } from "./dom";

let box: HTMLElement | undefined;

export function showTooltip(text: string, event: MouseEvent): void {
  box ??= add(document.body, "div", { class: "tooltip", role: "tooltip" });
  box.textContent = text;
  box.hidden = false;
  const { width, height } = box.getBoundingClientRect();
  box.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - height - 8))}px`;
}

export function hideTooltip(): void {
  if (box) box.hidden = true;
}
