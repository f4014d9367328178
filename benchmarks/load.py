"""Many people for minutes: what a server answers in a second, how long that takes, and whether its memory grows.

    python benchmarks/load.py [--data DIR] [--size 1000000x650] [--clients 32] [--seconds 120] [--workers 1 2]

Each client asks without a pause, over a connection that it keeps, for one of four kinds of things, chosen by chance:
all projects, a window of 64 steps with all states, a phrase, a match of 5 to 20 cells with words and an annotation.
Every answer is compared with that of a lone client. The clients take processors from the server. Times are
milliseconds; memory is that of all processes of the server besides mapped files. Linux only.
"""

import argparse
import http.client
import os
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from clients import sample, url
from matching import PORT, build_with_figures, server_memory, serving
from synthetic import make_project

from lstmvis.data.project import Project, Words
from lstmvis.server.index import open_index

VARIANTS = 24  # addresses of a kind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("benchmark-data"))
    parser.add_argument("--size", default="1000000x650")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    steps, cells = map(int, options.size.split("x"))
    path = make_project(options.data, steps, cells)
    project = Project(path)
    source = project.sources["states::states"]
    if not open_index(path, source):
        build_with_figures(path, source)
    assert project.words
    addresses = addresses_of(path, project.words, steps, cells)
    for workers in options.workers:
        with serving(path, "--workers", str(workers)) as server:
            print(f"\n--workers {workers}: {options.clients} clients, {options.seconds:.0f} s")
            measure(server, addresses, options.clients, options.seconds)


def addresses_of(path: Path, words: Words, steps: int, cells: int) -> dict[str, list[str]]:
    rng = np.random.default_rng(4)
    starts = rng.integers(0, steps - 64, VARIANTS).tolist()
    phrases = ["".join(words.decode(words.ids.integers(start, start + 5))) for start in starts]
    looked = {"left": 0, "right": 63, "dims": "states,words,meta_nesting"}
    found = {"dims": "words,cell_count,meta_nesting", "left": 10, "right": 30}
    return {
        "info": [f"http://127.0.0.1:{PORT}/api/v2/info"],
        "context": [url(path, "context", pos=start, **looked) for start in starts],
        "search": [
            f"http://127.0.0.1:{PORT}/api/v2/search?{urlencode({'project': path.name, 'q': phrase})}"
            for phrase in phrases
        ],
        "match": [url(path, "match", cells=sample(rng, cells), **found) for _ in starts],
    }


def measure(server: int, addresses: dict[str, list[str]], clients: int, seconds: float) -> None:
    lone = http.client.HTTPConnection("127.0.0.1", PORT)
    expected = {address: fetch(lone, address) for kind in addresses.values() for address in kind}
    size = {kind: max(len(expected[address]) for address in listed) for kind, listed in addresses.items()}
    taken: dict[str, list[float]] = {kind: [] for kind in addresses}
    wrong: Counter[str] = Counter()
    began = time.monotonic()

    def ask(seed: int) -> None:
        rng = np.random.default_rng(seed)
        kinds = list(addresses)
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        while time.monotonic() < began + seconds:
            kind = kinds[rng.integers(len(kinds))]
            address = addresses[kind][rng.integers(len(addresses[kind]))]
            started = time.perf_counter()
            try:
                if fetch(connection, address) != expected[address]:
                    wrong[f"{kind}: another answer"] += 1
            except (OSError, http.client.HTTPException) as error:
                wrong[f"{kind}: {error!r}"] += 1
                connection.close()
            taken[kind].append(1000 * (time.perf_counter() - started))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(clients)]
    memory = [server_memory(server)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(min(5, seconds / 4))
        memory.append(server_memory(server))
    took = time.monotonic() - began
    time.sleep(2)
    answers = sum(map(len, taken.values()))
    print(f"{answers / took:.1f} answers a second; the machine's load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print(f"{'':10}{'answers':>9}{'largest, kB':>13}{'p50':>9}{'p95':>9}{'p99':>9}")
    for kind, times in taken.items():
        quantiles = "".join(f"{value:>9.1f}" for value in np.quantile(times, [0.5, 0.95, 0.99]))
        print(f"{kind:10}{len(times):>9,}{size[kind] / 1000:>13,.0f}{quantiles}")
    half, most = memory[len(memory) // 2], max(memory)
    print(f"memory: {memory[0]:.0f} MB at the start, {half:.0f} at half-time, {most:.0f} at most", end="")
    print(f", {server_memory(server):.0f} at the end")
    print(f"errors and wrong answers: {dict(wrong) or 'none'}")


def fetch(connection: http.client.HTTPConnection, address: str) -> bytes:
    """The answer. Raises HTTPException where it is none."""
    connection.request("GET", address.removeprefix(f"http://127.0.0.1:{PORT}"))
    response = connection.getresponse()
    content = response.read()
    if response.status != 200:
        raise http.client.HTTPException(f"{response.status} {content[:200]!r}")
    return content


if __name__ == "__main__":
    main()
