"""A wide project to look at in a browser: long words, white space, every kind of annotation, very many cells."""

import json

import numpy as np

from tests.project_directory import write_directory

STEPS, CELLS, PHASES = 100_000, 1000, 8
LONGEST = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunter"[:60]
WHITE_SPACE = [" ", "\n", "\t"]
LONG_WORDS = ["incomprehensible", "responsibilities", "characteristically", "misunderstandings", LONGEST]
KINDS = ["SPACE", "LONG", "SHORT"]


def write_wide(directory):
    """The states repeat the rows of a small table, so that 200 MB are made by copying."""
    chance = np.random.default_rng(11)
    short = ["".join(chance.choice(list("aeioustrnl"), size)) for size in chance.integers(1, 8, 200)]
    vocabulary = list(dict.fromkeys([*WHITE_SPACE, *LONG_WORDS, *short]))
    frequency = 1 / np.arange(1, len(vocabulary) + 1)
    ids = chance.choice(len(vocabulary), STEPS, p=frequency / frequency.sum())
    kinds = np.digitize(ids, [len(WHITE_SPACE), len(WHITE_SPACE) + len(LONG_WORDS)])
    starts = np.flatnonzero(chance.random(STEPS) < 0.01)
    starts[0] = 0

    phases = np.cumsum(chance.random(STEPS) < 0.25) * 5 % PHASES
    levels = chance.normal(0, 0.8, (PHASES, 1, CELLS)) + chance.normal(0, 0.15, (PHASES, 64, CELLS))
    rows = phases * 64 + chance.integers(0, 64, STEPS)
    arrays = {
        "states.hdf5": {"cell": levels.reshape(-1, CELLS).astype(np.float16)[rows]},
        "text.hdf5": {
            "ids": ids,
            "kind": kinds,
            "length": [len(word) for word in vocabulary],
            "surprise": chance.gamma(2, 1.5, STEPS).astype(np.float32),
            "top": chance.integers(0, len(vocabulary), (STEPS, 3)),
            "weight": -np.sort(-chance.dirichlet([0.5] * 3, STEPS), 1).astype(np.float32),
            "starts": starts,
        },
    }
    config = {
        "name": "Wide",
        "description": "A thousand cells over a text with long words",
        "files": {"states": "states.hdf5", "text": "text.hdf5", "words": "words.json", "kinds": "kinds.json"},
        "word_sequence": {"file": "text", "path": "ids", "dict_file": "words"},
        "states": {"file": "states", "types": [{"type": "cell", "layer": 1, "path": "cell"}]},
        "meta": {
            "kind": {"file": "text", "path": "kind", "dict": "kinds", "vis": {"type": "discrete", "range": "dict"}},
            "surprise": {"file": "text", "path": "surprise", "vis": {"type": "scalar", "range": [0, 12]}},
            "top": {
                "file": "text",
                "path": "top",
                "dict": "words",
                "type": "wordvec",
                "weights_path": "weight",
                "vis": {"type": "wordvec"},
            },
            "length": {
                "file": "text",
                "path": "length",
                "index": "word_sequence",
                "vis": {"type": "discrete", "range": "0...61"},
            },
        },
        "sequences": {"file": "text", "path": "starts"},
    }
    texts = {"words.json": json.dumps(vocabulary), "kinds.json": json.dumps(KINDS)}
    return write_directory(directory / "wide", config, arrays, texts)
