"""Projects to look at in a browser: small, made by rule, and some that try to break the page."""

import json
from urllib.parse import urlencode

import numpy as np

from tests.project_directory import write_directory, write_small_project

HOSTILE_WORDS = [
    '<img src=x onerror="document.title=666">',
    "</span><script>document.title=666</script>",
    "&amp;",
    "“quote”",
    "x" * 60,
    "日本語",
    "bell\a",
]
HOSTILE_ID = "h&o#s?t=i+l%e"
HOSTILE_ANNOTATION = "an <b>annotation</b>, & more"
HOSTILE_OPENING = "pos=5&range=8,9&off=0,0&" + urlencode({"track": HOSTILE_ANNOTATION})

STEPS, CELLS = 3000, 24
STARTS = list(range(0, STEPS, 250))


def nested_parentheses(steps=STEPS, seed=5):
    """Tokens, with how deep each of them lies (a parenthesis as deep as what it encloses)."""
    chance = np.random.default_rng(seed)
    tokens, depths, depth = [], [], 0
    for draw in chance.random(steps):
        if draw < 0.25 and depth < 4:
            depth += 1
            tokens.append("(")
            depths.append(depth)
        elif draw < 0.45 and depth > 0:
            tokens.append(")")
            depths.append(depth)
            depth -= 1
        else:
            tokens.append(str(depth))
            depths.append(depth)
    return tokens, np.array(depths)


def stored_states(depths, cells=CELLS, seed=6):
    """Cells (as stored, before tanh) that each have a level for every depth, with a little noise."""
    chance = np.random.default_rng(seed)
    levels = chance.normal(0, 1, (5, cells))
    return (levels[depths] + chance.normal(0, 0.1, (len(depths), cells))).astype(np.float32)


def write_parentheses(directory):
    tokens, depths = nested_parentheses()
    vocabulary = sorted(set(tokens))
    chance = np.random.default_rng(7)
    states = stored_states(depths)
    arrays = {
        "states.hdf5": {"cell": states, "raw": 2 * states},
        "train.hdf5": {
            "ids": [vocabulary.index(token) for token in tokens],
            "depth": depths,
            "kind": [{"(": 0, ")": 1}.get(token, 2) for token in tokens],
            "loss": chance.gamma(2, 0.8, STEPS).astype(np.float32),
            "top": chance.integers(0, len(vocabulary), (STEPS, 3)),
            "weight": -np.sort(-chance.dirichlet([0.5] * 3, STEPS), 1).astype(np.float32),
            "starts": STARTS,
        },
    }
    config = {
        "name": "Parentheses",
        "description": "Nested parentheses",
        "files": {"states": "states.hdf5", "train": "train.hdf5", "words": "words.json", "kinds": "kinds.json"},
        "word_sequence": {"file": "train", "path": "ids", "dict_file": "words"},
        "states": {
            "file": "states",
            "types": [
                {"type": "cell", "layer": 1, "path": "cell"},
                {"type": "raw", "layer": 1, "path": "raw", "transform": "none"},
            ],
        },
        "meta": {
            "kind": {"file": "train", "path": "kind", "dict": "kinds", "vis": {"type": "discrete", "range": "dict"}},
            "depth": {"file": "train", "path": "depth", "vis": {"type": "discrete", "range": "0...10"}},
            "loss": {"file": "train", "path": "loss", "vis": {"type": "scalar", "range": [0, 6]}},
            "top": {
                "file": "train",
                "path": "top",
                "dict": "words",
                "type": "wordvec",
                "weights_path": "weight",
                "vis": {"type": "wordvec"},
            },
        },
        "sequences": {"file": "train", "path": "starts"},
    }
    texts = {"words.json": json.dumps(vocabulary), "kinds.json": json.dumps(["OPEN", "CLOSE", "NUMBER"])}
    return write_directory(directory / "parentheses", config, arrays, texts)


def write_hostile(directory):
    chance = np.random.default_rng(8)
    ids = chance.integers(0, len(HOSTILE_WORDS), 600)
    labels = json.dumps(HOSTILE_WORDS)
    config = {
        "name": "<i>hostile</i>",
        "files": {"states": "states.hdf5", "words": "words.json", "labels": "labels.json"},
        "word_sequence": {"file": "states", "path": "ids", "dict_file": "words"},
        "states": {"file": "states", "types": [{"type": "cell", "layer": 1, "path": "s"}]},
        "opening": HOSTILE_OPENING,
        "meta": {
            HOSTILE_ANNOTATION: {
                "file": "states",
                "path": "ids",
                "dict": "labels",
                "vis": {"type": "discrete", "range": "dict"},
            }
        },
    }
    arrays = {"states.hdf5": {"s": stored_states(ids % 5), "ids": ids}}
    return write_directory(directory / HOSTILE_ID, config, arrays, {"words.json": labels, "labels.json": labels})


def write_all(directory):
    write_parentheses(directory)
    write_hostile(directory)
    write_small_project(directory / "wordless", stored_states(nested_parentheses(400)[1], 3))
    write_directory(
        directory / "broken",
        {"name": "broken", "files": {"states": "gone.hdf5"}, "states": {"file": "states", "types": [{"path": "s"}]}},
    )
    return directory
