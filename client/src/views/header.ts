/** What is looked at: the project, its source and the position; the way home, help and the theme. */
import { type Info, type Source, sourceName } from "../api";
import { add, button, element, formatCount } from "../dom";
import { watch } from "../memo";
import type { Model } from "../model";
import { groupsOf, titleOf } from "../sources";
import { moveTo, openSource, panBy } from "../state";
import type { Emit } from "../store";
import { clarified, mainLink, usable, workingFirst } from "./projects";
import type { Render } from "./view";

/** With more sources than this the menu has a heading for each layer. */
const MANY = 6;

/** What only concerns the person at this screen, and so is no part of the state. */
export interface Actions {
  readonly toggleTheme: () => void;
  readonly showHelp: () => void;
}

/** `search` puts the search box into the header. */
export function header(
  parent: HTMLElement,
  emit: Emit,
  actions: Actions,
  search: (parent: HTMLElement) => Render,
): Render {
  const root = add(parent, "header", {});
  const brand = add(root, "h1", {});
  add(brand, "a", { href: "./", class: "brand", title: "All projects" }, "lstmvis");
  const projects = add(root, "select", { class: "title", "aria-label": "Project" });
  const sources = add(root, "select", { class: "source", "aria-label": "Source" });
  const drawAbout = about(projects);
  projects.addEventListener("change", () => {
    const entry = model.entries?.find((entry) => entry.project === projects.value);
    if (entry) location.assign(mainLink(entry));
  });
  sources.addEventListener("change", () => emit(openSource(sources.value), "jump"));

  const place = add(root, "form", { class: "position" });
  const pan = (screens: number) => emit(panBy(screens * model.layout.columns), "done");
  place.append(
    button("‹", () => pan(-1), {
      class: "quiet",
      "aria-label": "Previous window",
      title: "Previous window (Shift ←)",
    }),
  );
  const input = add(place, "input", {
    name: "position",
    inputmode: "numeric",
    autocomplete: "off",
    "aria-label": "Position",
  });
  const total = add(place, "span", { class: "faint" });
  place.append(
    button("›", () => pan(1), {
      class: "quiet",
      "aria-label": "Next window",
      title: "Next window (Shift →)",
    }),
  );
  let writing = false;
  input.addEventListener("input", () => {
    writing = true;
  });
  const go = () => {
    writing = false;
    const pos = Number(input.value.replaceAll(/[\s,_]/g, "") || Number.NaN);
    input.value = formatCount(model.state.pos);
    if (Number.isFinite(pos) && pos !== model.state.pos) emit(moveTo(pos), "jump");
  };
  input.addEventListener("change", go);
  place.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });

  const drawSearch = search(root);
  add(root, "span", { class: "spring" });
  const theme = button("◐", actions.toggleTheme, { class: "quiet", "aria-label": "Light or dark" });
  root.append(
    button("?", actions.showHelp, { class: "quiet", "aria-label": "Help", title: "Help (?)" }),
    theme,
  );

  const menusChanged = watch();
  const placeChanged = watch();
  let model: Model;

  return (next) => {
    model = next;
    const { entries, info, source, state } = model;
    if (menusChanged(entries, info, source)) {
      projects.replaceChildren(
        ...(info ? [] : [element("option", { disabled: true, selected: true }, "choose a project")]),
        ...workingFirst(entries ?? []).map((entry) =>
          element(
            "option",
            {
              value: entry.project,
              selected: entry.project === state.project,
              disabled: !usable(entry),
            },
            [entry.info.name, clarified(entry, entries ?? [])].filter(Boolean).join(" · "),
          ),
        ),
      );
      sources.hidden = !info?.states.types.length;
      place.hidden = model.absent;
      sources.replaceChildren(
        ...(source ? [] : [element("option", { disabled: true, selected: true }, "choose a source")]),
        ...(info ? sourceOptions(info, source) : []),
      );
      document.title = info ? `${info.name} · lstmvis` : "lstmvis";
      drawAbout(info);
    }
    if (placeChanged(state.pos, model.total)) {
      if (!writing) input.value = formatCount(state.pos);
      input.size = Math.max(4, formatCount(model.total).length);
      total.textContent = `/ ${formatCount(model.total)}`;
    }
    drawSearch(model);
  };
}

/** A button behind the menu of projects that opens what is said of the one that is shown. */
function about(menu: HTMLElement): (info: Info | null) => void {
  const box = element("section", {
    class: "popup about",
    popover: "auto",
    "aria-label": "About this project",
  });
  const opener = element(
    "button",
    {
      type: "button",
      class: "quiet info",
      "aria-label": "About this project",
      title: "What this project is, and what to look for",
    },
    "i",
  );
  opener.popoverTargetElement = box;
  menu.after(opener, box);
  box.addEventListener("beforetoggle", () => {
    const { left, bottom } = opener.getBoundingClientRect();
    box.style.left = `${left}px`;
    box.style.top = `${bottom + 4}px`;
  });
  return (info) => {
    const said = info && info.description !== info.name ? info.description : "";
    opener.hidden = said === "";
    box.replaceChildren(element("h2", {}, info?.name ?? ""), element("p", {}, said));
  };
}

function sourceOptions({ states: { types } }: Info, chosen: Source | null): HTMLElement[] {
  const option = (source: Source) =>
    element("option", { value: sourceName(source), selected: source === chosen }, titleOf(source));
  if (types.length <= MANY) return types.map(option);
  return groupsOf(types).map(({ name, members }) =>
    element("optgroup", { label: name }, ...members.map(({ source }) => option(source))),
  );
}
