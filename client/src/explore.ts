/** The exploring page: puts the views together and draws them, at most once a frame. */
import { add } from "./dom";
import { keyOf, takesKeys } from "./keys";
import { columnsOf, GUTTER, ROW_HEIGHT } from "./layout";
import { createLoader } from "./loader";
import { misfits } from "./misfits";
import { createModels, type Model, type Size } from "./model";
import { knowing, panBy, type State, within, zoom } from "./state";
import { createStore, type Emit } from "./store";
import { createThemes } from "./theme";
import { reachable } from "./thresholds";
import { axis } from "./views/axis";
import { brushView } from "./views/brush";
import { cells } from "./views/cells";
import { exportMenu } from "./views/export";
import { header } from "./views/header";
import { heatmaps } from "./views/heatmap";
import { help } from "./views/help";
import { matches } from "./views/matches";
import { misfitsNote } from "./views/misfits";
import { notice } from "./views/notice";
import { plot } from "./views/plot";
import { search } from "./views/search";
import { summary } from "./views/summary";
import { tracks } from "./views/tracks";
import type { Render } from "./views/view";
import { words } from "./views/words";

/** How much one notch of the wheel zooms, by its distance in pixels. */
const ZOOM_SPEED = 0.002;

export function explore(page: HTMLElement): void {
  page.style.setProperty("--gutter", `${GUTTER}px`);
  page.style.setProperty("--row", `${ROW_HEIGHT}px`);
  page.classList.add("explore");

  /** As it was opened; null once it was compared with what there is. */
  let opened: string | null = location.search;
  let frame: number | undefined;
  const schedule = () => {
    page.dataset.ready = "false";
    frame ??= requestAnimationFrame(draw);
  };
  const store = createStore(schedule);
  const loader = createLoader(schedule);
  const themes = createThemes(schedule);
  const models = createModels();
  let model: Model;

  /** As long as the corpus is not loaded, nothing is outside it. */
  const bounded = (state: State) => {
    const { total, layout, narrowest, source, thresholds, annotations } = model;
    if (total === 0) return state;
    const columns = columnsOf(layout.width, Math.max(narrowest, state.columnWidth ?? layout.columnWidth));
    const known = knowing(Object.keys(annotations))(state);
    return within(total, columns)(reachable(source?.transform, thresholds)(known));
  };
  const emit: Emit = (transition, phase) => store.emit((state) => bounded(transition(state)), phase);

  const helper = help(page);
  const drawHeader = header(page, emit, { toggleTheme: themes.toggle, showHelp: helper.show }, (parent) =>
    search(parent, emit),
  );
  const drawExport = exportMenu(page.querySelector("header") as HTMLElement, page);
  const main = add(page, "main");
  const selection = add(main, "div", { class: "selection" });
  const selectionViews = [plot, axis, words, brushView, tracks].map((view) => view(selection, emit));
  const drawCells = cells(selection, emit, store, () => modelOf(model.layout));
  const found = add(main, "section", { "data-view": "matches", class: "matches", "aria-label": "Matches" });
  const drawSummary = summary(found, emit);
  const sayMisfits = misfitsNote(found);
  const drawNotice = notice(found, emit, loader.retry);
  const body = add(found, "div", { class: "match-body" });
  const views: Render[] = [
    drawHeader,
    drawExport,
    ...selectionViews,
    drawCells,
    drawSummary,
    drawNotice,
    matches(body, emit, schedule),
    heatmaps(body, emit),
  ];

  const modelOf = (size: Size) => models(store.state(), themes.current(), size, loader);

  function draw(): void {
    frame = undefined;
    const size = { width: main.clientWidth, height: main.clientHeight };
    model = modelOf(size);
    if (opened !== null && model.total > 0) {
      sayMisfits(misfits(opened, model));
      opened = null;
    }
    // What the address says may lie outside what there is; nothing is asked for before it is inside.
    emit((state) => state, "live");
    if (model.state !== store.state()) model = modelOf(size);
    const { columns, columnWidth } = model.layout;
    page.style.setProperty("--column", `${columnWidth}px`);
    page.style.setProperty("--columns", `${columns * columnWidth}px`);
    selection.hidden = model.absent;
    loader.want(model);
    for (const render of views) render(model);
    if (frame === undefined) page.dataset.ready = String(!loader.pending() && !store.busy());
  }

  new ResizeObserver(schedule).observe(main);

  selection.addEventListener(
    "wheel",
    (event) => {
      if ((event.target as Element).closest("[data-view=cells]")) return;
      event.preventDefault();
      const { columnWidth } = model.layout;
      if (event.ctrlKey || event.metaKey) {
        const offset = event.clientX - main.getBoundingClientRect().left - GUTTER;
        const under = model.state.pos + Math.floor(offset / columnWidth);
        emit(
          zoom(columnWidth * Math.exp(-event.deltaY * ZOOM_SPEED), under, offset, model.narrowest),
          "live",
        );
      } else {
        emit(panBy(wheeled(event, columnWidth)), "live");
      }
    },
    { passive: false },
  );

  /** Whole columns that the wheel has turned; what is left of a column is kept for the next turn. */
  let rest = 0;
  function wheeled(event: WheelEvent, columnWidth: number): number {
    const delta = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
    rest += (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? delta : delta * 16) / columnWidth;
    const steps = Math.trunc(rest);
    rest -= steps;
    return steps;
  }

  document.addEventListener("keydown", (event) => {
    const key = keyOf(event);
    if (!key || event.defaultPrevented) return;
    if (takesKeys(event.target) && event.key !== "Escape") return;
    if (document.querySelector("dialog[open], :popover-open")) return;
    event.preventDefault();
    if (key.act === "search") document.querySelector<HTMLInputElement>("[data-view=search] input")?.focus();
    else if (key.act === "undo") store.undo();
    else if (key.act === "redo") store.redo();
    else if (key.act === "help") helper.show();
    else if (takesKeys(event.target)) (event.target as HTMLElement).blur();
    else emit(key.act(model));
  });

  draw();
}
