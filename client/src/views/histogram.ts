/** How many matches are how long; a click keeps only those of one length. */
import { max } from "d3-array";
import { scaleSqrt } from "d3-scale";
import { select } from "d3-selection";
import { add, formatCount } from "../dom";
import { AND_MORE, type Lengths, NO_END, written } from "../lengths";
import { watch } from "../memo";
import type { Model } from "../model";
import { keepLengths, stepLength } from "../state";
import { hideTooltip, showTooltip } from "../tooltip";
import type { View } from "./view";

const WIDTH = 120;
const HEIGHT = 20;
/** Above the bars, for what the tallest of them counts. */
const HEAD = 11;

interface Bar {
  readonly length: number;
  /** Matches with all of the selected cells, and with any of them. */
  readonly all: number;
  readonly any: number;
}

export const histogram: View = (parent, emit) => {
  const root = add(parent, "div", {
    "data-view": "histogram",
    tabindex: 0,
    role: "group",
    "aria-label": "Matches by length; arrow keys choose a length",
  });
  const svg = select(root)
    .append("svg")
    .attr("aria-hidden", "true")
    .attr("width", WIDTH)
    .attr("height", HEAD + HEIGHT + 11)
    .append("g")
    .attr("transform", `translate(0,${HEAD})`);
  const changed = watch();
  let bars: Bar[] = [];

  root.addEventListener("pointerleave", hideTooltip);
  root.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined || bars.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const lengths = bars.filter(({ any }) => any > 0).map(lengthsOf);
    emit(stepLength(lengths, step as 1 | -1));
  });

  return (model: Model) => {
    const { matches, state } = model;
    root.dataset.stale = String(model.outdated);
    if (!changed(matches, state.lengths)) return;
    const any = matches?.matches.fuzzyLengthHistogram ?? [];
    const all = matches?.matches.strictLengthHistogram ?? [];
    const longest = any.findLastIndex((count) => count > 0);
    root.hidden = longest < 1;
    bars = Array.from({ length: Math.max(0, longest) }, (_, i) => ({
      length: i + 1,
      all: all[i + 1],
      any: any[i + 1],
    }));
    const width = Math.min(14, WIDTH / Math.max(1, bars.length));
    // The square root lets the few matches of a rare length be seen beside thousands.
    const y = scaleSqrt([0, max(bars, (bar) => bar.any) ?? 1], [0, HEIGHT]);
    const [low, high] = state.lengths ?? [1, NO_END];

    const groups = svg
      .selectAll<SVGGElement, Bar>("g.bar")
      .data(bars, ({ length }) => length)
      .join((enter) => {
        const group = enter
          .append("g")
          .attr("class", "bar")
          .attr("data-length", ({ length }) => length);
        group.append("rect").attr("class", "hit").attr("height", HEIGHT);
        group.append("rect").attr("class", "any");
        group.append("rect").attr("class", "all");
        group.on("click", (_, bar) => emit(keepLengths(lengthsOf(bar))));
        group.on("pointermove", (event, bar) => showTooltip(said(bar), event));
        return group;
      })
      .classed("out", ({ length }) => length < low || length > high)
      .attr("transform", ({ length }) => `translate(${(length - 1) * width},0)`);
    groups.select(".hit").attr("width", width);
    for (const kind of ["any", "all"] as const) {
      groups
        .select(`.${kind}`)
        .attr("width", Math.max(1, width - 1))
        .attr("y", (bar) => HEIGHT - y(bar[kind]))
        .attr("height", (bar) => y(bar[kind]));
    }
    const middle = ({ length }: Bar) => (length - 0.5) * width;
    const ends = bars.length > 1 ? [bars[0], bars[bars.length - 1]] : bars;
    const tallest = bars.find(({ any }) => any === max(bars, (bar) => bar.any)) as Bar;
    svg
      .selectAll<SVGTextElement, [Bar, number, string]>("text")
      .data([
        ...ends.map(
          (bar) => [bar, HEIGHT + 10, `${bar.length}${bar.length === AND_MORE ? "+" : ""}`] as const,
        ),
        ...(tallest ? [[tallest, -2, formatCount(tallest.any)] as const] : []),
      ])
      .join("text")
      .attr("x", ([bar]) => middle(bar))
      .attr("y", ([, y]) => y)
      .attr("text-anchor", ([bar]) => (bar === bars[0] && bars.length > 1 ? "start" : "middle"))
      .text(([, , text]) => text);
  };
};

/** The lengths that a bar stands for. */
const lengthsOf = ({ length }: Bar): Lengths => [length, length >= AND_MORE ? NO_END : length];

const said = (bar: Bar): string =>
  `${written(lengthsOf(bar))}\n${formatCount(bar.all)} with all cells\n${formatCount(bar.any)} with any`;
