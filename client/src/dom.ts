/** Making elements. Text only ever becomes a text node: tokens are whatever a corpus holds. */

type Attributes = Record<string, string | number | boolean | null>;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(made, name, value);
  made.append(...children);
  return made;
}

/** Makes an element as the last child of `parent`. */
export function add<K extends keyof HTMLElementTagNameMap>(
  parent: HTMLElement,
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  return parent.appendChild(element(tag, attributes, ...children));
}

/** True sets an attribute without a value; false and null take it away. */
export function setAttribute(target: Element, name: string, value: Attributes[string]): void {
  if (value === null || value === false) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? "" : String(value));
}

export function button(label: string, action: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", action);
  return made;
}

/** A context that draws in CSS pixels, on a canvas with as many real pixels as the screen has for them; cleared. */
export function prepare(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(ratio, ratio);
  return context;
}

const NUMBERS = new Intl.NumberFormat("en");

export const formatCount = (count: number): string => NUMBERS.format(count);

/** `1 cell`, `1,204 cells`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${formatCount(count)} ${count === 1 ? noun : plural}`;
