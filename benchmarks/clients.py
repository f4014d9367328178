"""Many people at once: clients that ask for windows and matches, every answer compared with that of a lone client.

    python benchmarks/clients.py [--data DIR] [--size 1000000x650] [--clients 16] [--seconds 20]

Half of the clients ask for matches of 5 to 20 cells, half for windows of 100 steps in binary, each without a pause.
Prints how long the answers took, in milliseconds, and how many were wrong or errors.
"""

import argparse
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
from matching import PORT, build_with_figures, serving
from synthetic import make_project

from lstmvis.data.project import Project
from lstmvis.server.index import open_index


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("benchmark-data"))
    parser.add_argument("--size", default="1000000x650")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    steps, cells = map(int, options.size.split("x"))
    path = make_project(options.data, steps, cells)
    source = Project(path).sources["states::states"]
    if not open_index(path, source):
        build_with_figures(path, source)
    rng = np.random.default_rng(2)
    matches = [
        url(path, "match", cells=sample(rng, cells), dims="words,cell_count,meta_nesting", limit=50) for _ in range(12)
    ]
    windows = [
        url(path, "states", **{"from": start, "to": start + 99}) for start in rng.integers(0, steps - 100, 50).tolist()
    ]
    with serving(path):
        expected = {address: fetch(address) for address in matches + windows}
        taken: dict[str, list[float]] = {"match": [], "window": []}
        wrong: list[str] = []
        until = time.monotonic() + options.seconds

        def ask(kind: str, addresses: list[str], seed: int) -> None:
            choose = np.random.default_rng(seed)
            while time.monotonic() < until:
                address = str(choose.choice(addresses))
                started = time.perf_counter()
                try:
                    right = fetch(address) == expected[address]
                except OSError as error:
                    right = False
                    print(error)
                taken[kind].append(1000 * (time.perf_counter() - started))
                if not right:
                    wrong.append(address)

        kinds = [("match", matches), ("window", windows)]
        threads = [threading.Thread(target=ask, args=(*kinds[n % 2], n)) for n in range(options.clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for kind, times in taken.items():
        p50, p95 = np.quantile(times, [0.5, 0.95])
        print(f"{kind:8} {len(times):6} answers   p50 {p50:7.1f}   p95 {p95:7.1f}")
    print(f"wrong answers and errors: {len(wrong)}")


def sample(rng: np.random.Generator, cells: int) -> str:
    return ",".join(map(str, rng.choice(cells, rng.integers(5, 21), replace=False)))


def url(path: Path, endpoint: str, **parameters: object) -> str:
    query = urllib.parse.urlencode({"project": path.name, "source": "states::states", **parameters})
    return f"http://127.0.0.1:{PORT}/api/v2/{endpoint}?{query}"


def fetch(address: str) -> bytes:
    return bytes(urllib.request.urlopen(address).read())


if __name__ == "__main__":
    main()
