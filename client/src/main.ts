/** One document, two pages: all projects, or with `project` in the address the exploring page. */
import "./style/base.css";
import "./style/header.css";
import "./style/selection.css";
import "./style/matches.css";
import "./style/notice.css";
import "./style/projects.css";
import "./style/help.css";
import { ApiError, fetchInfo } from "./api";
import { add, button } from "./dom";
import { explore } from "./explore";
import { createThemes } from "./theme";
import { projects } from "./views/projects";

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
    projects(main, await fetchInfo(new AbortController().signal));
  } catch (error) {
    const message = error instanceof ApiError ? error.message : String(error);
    const notice = add(main, "div", { class: "notice error" });
    add(notice, "p", {}, message);
    notice.append(button("Try again", () => location.reload()));
  }
  page.dataset.ready = "true";
}
