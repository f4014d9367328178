/** What the sources of a project are called, and which of them belong together. */
import type { Source } from "./api";

/** Sources of one layer, and of one module and direction where several quantities of these were recorded. */
export interface Group {
  readonly name: string;
  /** Each with what it is called inside the group. */
  readonly members: readonly { readonly source: Source; readonly name: string }[];
}

/** A type such as "encoder forget gate, backward" in parts; those that it does not have are empty. */
interface Parts {
  readonly module: string;
  readonly quantity: string;
  readonly direction: string;
}

export const titleOf = ({ layer, type }: Source): string => `layer ${layer} · ${type}`;

/** In the order in which their first members stand. */
export function groupsOf(sources: readonly Source[]): Group[] {
  const all = sources.map(({ type }) => partsOf(type));
  const modules = shared(all, ({ module }) => module);
  const directions = shared(all, ({ direction }) => direction);
  const groups = new Map<string, { source: Source; name: string }[]>();
  for (const [i, source] of sources.entries()) {
    const { module, quantity, direction } = all[i];
    const [ofModule, ofDirection] = [quantity !== "" && modules.has(module), directions.has(direction)];
    const group = `layer ${source.layer}${ofModule ? ` · ${module}` : ""}${ofDirection ? `, ${direction}` : ""}`;
    const words = ofModule ? [quantity] : [module, quantity];
    const name = words.filter(Boolean).join(" ") + (direction && !ofDirection ? `, ${direction}` : "");
    groups.set(group, [...(groups.get(group) ?? []), { source, name }]);
  }
  return [...groups].map(([name, members]) => ({ name, members }));
}

/** The first of several words may be the name of a module, and is where other types begin with it as well. */
function partsOf(type: string): Parts {
  const [, kind, direction = ""] = /^(.*?)(?:, (.*))?$/s.exec(type) as RegExpExecArray;
  const [, module, quantity] = /^(\S*) ?(.*)$/s.exec(kind) as RegExpExecArray;
  return { module, quantity, direction };
}

/** What `part` several quantities have in common. */
function shared(all: readonly Parts[], part: (parts: Parts) => string): ReadonlySet<string> {
  const quantities = new Map<string, Set<string>>();
  for (const parts of all) {
    if (part(parts) === "") continue;
    const { module, quantity } = parts;
    quantities.set(
      part(parts),
      (quantities.get(part(parts)) ?? new Set()).add(JSON.stringify([module, quantity])),
    );
  }
  return new Set([...quantities].filter(([, { size }]) => size > 1).map(([name]) => name));
}
