"""How long matches take, in the engine and over HTTP, beside what numpy takes to threshold and count the same cells.

    python benchmarks/matching.py [--data DIR] [--sizes 100000x200 1000000x650 10000000x256:float16] [--repeat 15]

Makes its data (see synthetic.py; 18 GB with the indexes) and keeps it in DIR. Linux only, for its memory figures.
Each row of the table is one kind of request; cells are drawn anew for every repetition, so that none profits from the
one before, while the threshold stays: `new threshold` is the time with one that was never asked for. All in
milliseconds.
"""

import argparse
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
from synthetic import make_project

from lstmvis.data.project import Project, Source
from lstmvis.data.statistics import blocks
from lstmvis.server.activity import Activity, cut_of
from lstmvis.server.index import StateIndex, build_index, open_index
from lstmvis.server.matching import Query, find_matches

PORT = 8897
THRESHOLD = 0.3
NO_SEQUENCES = np.zeros(0, np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("benchmark-data"))
    parser.add_argument("--sizes", nargs="+", default=["100000x200", "1000000x650", "10000000x256:float16"])
    parser.add_argument("--repeat", type=int, default=15)
    options = parser.parse_args()
    for size in options.sizes:
        shape, _, dtype = size.partition(":")
        steps, cells = map(int, shape.split("x"))
        path = make_project(options.data, steps, cells, dtype or "float32")
        source = Project(path).sources["states::states"]
        index = open_index(path, source) or build_with_figures(path, source)
        with serving(path):
            measure(path.name, source, index, options.repeat)


def build_with_figures(path: Path, source: Source) -> StateIndex:
    before, most = own_memory(), 0.0

    def watch(share: float) -> None:
        nonlocal most
        most = max(most, own_memory() - before)

    started = time.perf_counter()
    index = build_index(path, source, watch)
    seconds = time.perf_counter() - started
    rate = source.steps * source.cells * 4 / seconds / 1e6
    print(f"\nindex built in {seconds:.1f} s: {rate:.0f} MB of float32 states a second, {most:.0f} MB of memory")
    return index


def own_memory(process: str | int = "self") -> float:
    """Memory of a process besides mapped files, in MB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1000


def server_memory(process: int) -> float:
    """Of a process and those that it has started, in MB."""
    started = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return own_memory(process) + sum(map(server_memory, map(int, started)))


class serving:  # noqa: N801 - reads as a statement
    """A server over one project for as long as the block lasts; gives the number of its process."""

    def __init__(self, path: Path, *options: str) -> None:
        self._command = [sys.executable, "-m", "lstmvis.tools.cli", "serve", str(path), "--no-browser", *options]

    def __enter__(self) -> int:
        command = [*self._command, "--port", str(PORT), "--log", "problems"]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._server.stdout
        if not self._server.stdout.readline():  # it cannot have the port: another may answer there
            raise SystemExit(1)
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/v2/info").read()
                return self._server.pid
            except OSError:
                time.sleep(0.2)
        raise SystemExit("the server does not answer")

    def __exit__(self, *_: object) -> None:
        print(f"server memory besides mapped files: {server_memory(self._server.pid):.0f} MB")
        self._server.terminate()
        self._server.wait()


def measure(name: str, source: Source, index: StateIndex, repeat: int) -> None:
    print(f"\n{name}")
    header = ("cells", "constraints", "matches", "engine p50", "p95", "HTTP p50", "p95", "new threshold", "numpy")
    print("".join(f"{title:>14}" for title in header))
    rng = np.random.default_rng(1)
    columns = [block[:, : min(100, source.cells)] for _, block in blocks(source.states)]
    plane = np.ascontiguousarray((np.concatenate(columns) * 40).T, np.int8)
    for constraints in ((1, 0), (0, 0), (1, 1)):
        for count in (1, 5, 20, 100):

            def draw(count: int = count) -> list[int]:
                return sorted(rng.choice(source.cells, min(count, source.cells), replace=False).tolist())

            def engine(cells: list[int], threshold: float = THRESHOLD, constraints: tuple[int, int] = constraints):
                activity = Activity(source, cut_of(threshold, "tanh"), "positive", index)
                return find_matches(activity, Query(tuple(cells), constraints), NO_SEQUENCES)

            def http(cells: list[int], constraints: tuple[int, int] = constraints) -> None:
                query = {
                    "project": name,
                    "source": source.id,
                    "cells": ",".join(map(str, cells)),
                    "constraints": ",".join(map(str, constraints)),
                    "dims": "words,cell_count,meta_nesting",
                    "activation": THRESHOLD,
                    "left": 10,
                    "right": 30,
                }
                url = f"http://127.0.0.1:{PORT}/api/v2/match?{urllib.parse.urlencode(query)}"
                urllib.request.urlopen(url).read()

            def numpy_counts(cells: list[int]) -> None:
                total = np.zeros(source.steps, np.uint8)
                for cell in cells:
                    total += plane[cell % len(plane)] >= 12
                np.bincount(total)

            matches = int(engine(draw()).counts.sum())
            thresholds = iter(0.2 + 0.0001 * np.arange(repeat + 1) + 0.01 * rng.random())
            row = [count, str(constraints), f"{matches:,}"]
            engine_times = times(engine, draw, repeat)
            http_times = times(http, draw, repeat)
            new = times(lambda cells: engine(cells, next(thresholds)), draw, repeat)  # noqa: B023
            row += [*engine_times, *http_times, new[0], times(numpy_counts, draw, repeat)[0]]
            print("".join(f"{value:>14.1f}" if isinstance(value, float) else f"{value:>14}" for value in row))


def times(work: Callable[[list[int]], object], draw: Callable[[], list[int]], repeat: int) -> tuple[float, float]:
    """Median and 95th percentile of `repeat` calls, in milliseconds."""
    work(draw())
    taken = []
    for _ in range(repeat):
        cells = draw()
        started = time.perf_counter()
        work(cells)
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken), float(np.quantile(taken, 0.95))


if __name__ == "__main__":
    main()
