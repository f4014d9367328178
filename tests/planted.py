"""Projects of which one knows what is in them: an annotation, and cells that are on where it has a value, or at random.

The tokens tell nothing about the annotation.
"""

import json

import numpy as np

from tests.project_directory import write_directory

STEPS, CELLS = 20_000, 12
PLANTED = [2, 5, 9, 11]
WORDS = [f"word{number}" for number in range(30)]


def lasting(chance):
    """A cell that is on or off for some steps at a time, at random."""
    lengths = chance.integers(1, 7, STEPS)
    return np.repeat(chance.normal(0, 1.5, STEPS), lengths)[:STEPS].astype(np.float32)


def write_planted(directory, planted=True, seed=3, of_words=0, **sections):
    """`states::planted` has the cells, `states::noise` none of them; `phrase` is the annotation, of IN and OUT.

    With `of_words`, `states::words` has cells that are on exactly inside the phrases that begin with one of as many
    words, and those of `states::planted` are on in the middle of half of what lies between phrases, too.
    """
    chance = np.random.default_rng(seed)
    lengths = np.stack([chance.integers(3, 9, STEPS), chance.integers(2, 6, STEPS)], axis=1).ravel()
    inside = np.repeat(np.arange(len(lengths)) % 2, lengths)[:STEPS]  # OUT of 3 to 8 words, IN of 2 to 5
    noise = np.stack([[lasting(chance) for _ in range(CELLS)] for _ in range(2)]).transpose(0, 2, 1)
    states = noise[0].copy()
    states[:, PLANTED] = np.where(inside == 1, 2, -2)[:, None] + chance.normal(0, 0.25, (STEPS, len(PLANTED)))
    ids = chance.integers(0, len(WORDS), STEPS)
    arrays = {
        "states.hdf5": {"noise": noise[1], "planted": states if planted else noise[0]},
        "train.hdf5": {"ids": ids, "phrase": inside},
    }
    if of_words:
        begins = np.append(0, np.cumsum(lengths))[:-1]
        of_stretch = np.repeat(np.arange(len(lengths)), lengths)[:STEPS]
        within = np.arange(STEPS) - begins[of_stretch]
        middle = (inside == 0) & (within > 0) & (within < lengths[of_stretch] - 1)
        stray = middle & (chance.random(len(lengths)) < 1 / 2)[of_stretch]
        states[:, PLANTED] += np.where(stray, 4, 0)[:, None]
        on = (inside == 1) & (ids[begins[begins < STEPS]] < of_words)[of_stretch]
        words = noise[1].copy()
        words[:, PLANTED] = np.where(on, 2, -2)[:, None] + chance.normal(0, 0.25, (STEPS, len(PLANTED)))
        arrays["states.hdf5"]["words"] = words
    config = {
        "name": "Planted",
        "files": {"states": "states.hdf5", "train": "train.hdf5", "words": "words.json", "labels": "labels.json"},
        "word_sequence": {"file": "train", "path": "ids", "dict_file": "words"},
        "states": {
            "file": "states",
            "types": [{"type": "cell", "layer": 1, "path": path} for path in arrays["states.hdf5"]],
        },
        "meta": {
            "phrase": {
                "file": "train",
                "path": "phrase",
                "dict": "labels",
                "vis": {"type": "discrete", "range": "dict"},
            }
        },
        **sections,
    }
    texts = {"words.json": json.dumps(WORDS), "labels.json": json.dumps(["OUT", "IN"])}
    return write_directory(directory, config, arrays, texts)
