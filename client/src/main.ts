/** One document, two pages: all projects, or with `project` in the address the exploring page. */
import "./style/base.css";
import "./style/header.css";
import "./style/selection.css";
import "./style/matches.css";
import "./style/notice.css";
import "./style/projects.css";
import "./style/help.css";
import "./style/export.css";
import { ApiError, type Entry, fetchInfo } from "./api";
import { add, button } from "./dom";
import { explore } from "./explore";
import { createThemes } from "./theme";
import { projects, showIndexing } from "./views/projects";

const NEVER = new AbortController().signal;
/** Between two looks at how far the indexes are; milliseconds. */
const INDEXING_PAUSE = 1000;

if (new URLSearchParams(location.search).has("project")) explore(document.body);
else void overview(document.body);

async function overview(page: HTMLElement): Promise<void> {
  const themes = createThemes(() => {});
  const head = add(page, "header", {});
  add(head, "h1", { class: "brand" }, "lstmvis");
  add(head, "span", { class: "spring" });
  head.append(button("◐", themes.toggle, { class: "quiet", "aria-label": "Light or dark" }));
  const main = add(page, "main");
  try {
    const entries = await fetchInfo(NEVER);
    projects(main, entries);
    void followIndexing(main, entries);
  } catch (error) {
    const message = error instanceof ApiError ? error.message : String(error);
    const notice = add(main, "div", { class: "notice error" });
    add(notice, "p", {}, message);
    notice.append(button("Try again", () => location.reload()));
  }
  page.dataset.ready = "true";
}

async function followIndexing(main: HTMLElement, entries: readonly Entry[]): Promise<void> {
  while (showIndexing(main, entries)) {
    await new Promise((resume) => setTimeout(resume, INDEXING_PAUSE));
    entries = await fetchInfo(NEVER).catch(() => entries);
  }
}
