"""Search in 1,000,000 tokens, of words and of characters: how long it takes to get ready, and to find.

    python benchmarks/search.py [--tokens 1000000] [--text FILE] [--rounds 20]

The words are random, as frequent as in natural language (Zipf); with --text the first tokens of a file. Prints
milliseconds and what each query finds.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.dictionary import Dictionary
from lstmvis.data.project import Words
from lstmvis.server.search import CorpusSearch, Kind

LETTERS = list("etaoinshrdlcumwfgypbvk")
VOCABULARY = 30_000
LIMIT = 50  # places, as the page asks for


class Ids:
    """Those of a corpus, in memory."""

    def __init__(self, ids: NDArray[np.int64]) -> None:
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    def integers(self, start: int, stop: int) -> NDArray[np.int64]:
        return self._ids[start:stop]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--text", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    words = options.text.read_text(encoding="utf-8").split() if options.text else random_words(options.tokens)
    measure("words", words[: options.tokens], options.rounds)
    measure("characters", list(" ".join(words)[: options.tokens]), options.rounds)


def random_words(count: int) -> list[str]:
    rng = np.random.default_rng(3)
    vocabulary = ["".join(rng.choice(LETTERS, rng.integers(2, 11))) for _ in range(VOCABULARY)]
    share = 1 / np.arange(1, VOCABULARY + 1)
    return [vocabulary[at] for at in rng.choice(VOCABULARY, count, p=share / share.sum())]


def measure(name: str, tokens: list[str], rounds: int) -> None:
    known, ids = np.unique(tokens, return_inverse=True)
    dictionary = Dictionary((str(token), at) for at, token in enumerate(known))
    started = time.perf_counter()
    corpus = CorpusSearch(Words(Ids(ids), dictionary), len(ids))  # type: ignore[arg-type]
    corpus.find(tokens[0], 1)
    index = time.perf_counter() - started
    corpus.find("e. q", 1, "regex")
    text = time.perf_counter() - started - index
    print(f"\n{len(tokens):,} {name}, {len(known):,} different; index {1000 * index:.0f} ms, text {1000 * text:.0f} ms")
    print(f"{'query':44}{'found':>12}{'least':>9}{'p50':>9}{'p95':>9}")
    for kind, query, match_case in queries(tokens, name == "words"):
        taken = []
        for _ in range(rounds):
            started = time.perf_counter()
            found = corpus.find(query, LIMIT, kind, match_case)
            taken.append(1000 * (time.perf_counter() - started))
        shown = f"{kind} {query!r}{'' if match_case else ', any case'}"
        total = f"{found.total:,}{'' if found.complete else '+'}"
        print(f"{shown:44}{total:>12}{min(taken):9.2f}{np.median(taken):9.2f}{np.percentile(taken, 95):9.2f}")


def queries(tokens: list[str], words: bool) -> list[tuple[Kind, str, bool]]:
    """From the most frequent to what is nowhere."""
    if not words:
        text = "".join(tokens)
        middle = text[len(text) // 2 :][:12]
        return [
            ("phrase", "e", True),
            ("phrase", "th", True),
            ("phrase", middle, True),
            ("phrase", middle.upper(), False),
            ("phrase", "th*", True),
            ("regex", r"\bt[aeiou]+\b", True),
            ("regex", r"e(nt)+ ", True),
            ("regex", r"[aeiou]{4,}", True),
            ("regex", r"qzx\d", True),
        ]
    different, counts = np.unique(tokens, return_counts=True)
    by_count = [str(token) for token in different[np.argsort(-counts)]]
    middle_words = tokens[len(tokens) // 2 :][:4]
    return [
        ("phrase", by_count[0], True),
        ("phrase", by_count[0].upper(), False),
        ("phrase", by_count[len(by_count) // 2], True),
        ("phrase", " ".join(by_count[:2]), True),
        ("phrase", " ".join(middle_words), True),
        ("phrase", "th*", True),
        ("phrase", f"{by_count[0]} t*", True),
        ("phrase", f"{by_count[0]} * {by_count[1]}", True),
        ("regex", "^t.*ed?$", True),
        ("regex", f"^{by_count[0]}$ t", True),
        ("regex", r"(e|a)t [^e]+ \w+$", True),
        ("regex", r"qzx\d", True),
        ("regex", r"qzx \d", True),
    ]


if __name__ == "__main__":
    main()
