"""An LSTMVis data directory, as LSTMVis's own tools and the Torch scripts it documents write one.

Torch writes ids as doubles and counts them from 1; dictionaries hold `token id` a line; the state files are shorter
than the words because training drops the last, incomplete batch, and the second source has a quarter of the steps.
"""

import h5py
import numpy as np

STEPS = 240
CELLS = 12
TAGS = ["DET", "NOUN", "VERB", "PUNCT"]
VOCABULARY = ["<s>", "<unk>", "</s>", "the", "cat", "sat", "on", "mat", "&", "<b>", "é", " "]  # id = index + 1
RANKS = 5

CONFIGURATION = """
name: children books
description: states of a <b>small</b> model   # LSTMVis's pages insert this as HTML

files: # assign files to reference name
  states: states.hdf5 # states file
  states_u: states_unsigned.hdf5
  train: train.hdf5 # word ID file
  words: words.dict # dict files
  pos: pos.h5
  pos_dict: pos.dict
  measures: measures.h5
  pred: predictions.h5

word_sequence: # defines the word sequence
  file: train
  path: word_ids
  dict_file: words

states:
  file: states # used as default file
  types: [
  {type: state, layer: 1, path: states1}, # minimal example
  {file: states_u, type: state, layer: 2, path: states2, unsigned: true},
  {type: output, layer: 2, path: output2, transform: none}
  ]

meta:
  part_of_speech: # with a dictionary
    file: pos
    path: pos
    dict: pos_dict
    vis:
      type: discrete
      range: dict
  depth: # integers, with a range
    file: measures
    path: depth
    vis:
      type: discrete
      range: 0...6
  plain: # integers, as the docs' first example: no range
    file: measures
    path: depth
    vis:
      type: discrete
  listed:
    file: measures
    path: depth
    vis:
      type: discrete
      range: [5, 4, 3, 2, 1, 0]
  mood:
    file: measures
    path: mood
    vis:
      type: scalar
      range: [0,1]
  surprise: # a range of whole numbers, which LSTMVis takes for scalars too
    file: measures
    path: mood
    vis:
      type: scalar
      range: 0...12
  topk:
    file: pred
    path: top
    weights_path: prob
    dict: words
    type: wordvec
    vis:
      type: wordvec
  frequency: # looked up by word id
    file: measures
    path: frequency
    index: word_sequence
    vis:
      type: scalar

etc:
  regex_search: true
"""


def word_ids():
    """(STEPS + 35,): more than there are states."""
    return np.random.default_rng(7).integers(3, len(VOCABULARY), STEPS + 35) + 1


def states():
    """STEPS x CELLS, before tanh: slow waves, each of which is on for several steps."""
    steps, cells = np.mgrid[:STEPS, :CELLS]
    return np.sin(steps / (2 + cells) + cells).astype(np.float32)


def write_lstmvis_directory(directory):
    directory.mkdir(parents=True)
    rng = np.random.default_rng(8)
    ids = word_ids()
    depth = rng.integers(0, 6, STEPS)
    arrays = {
        "states.hdf5": {"states1": states(), "output2": np.tanh(states()).astype("f8")},
        "states_unsigned.hdf5": {"states2": np.abs(states()[: STEPS // 4, :7])},
        "train.hdf5": {"word_ids": ids.astype("f8"), "set_size": np.array(len(ids)), "target_size": np.array([13.0])},
        "pos.h5": {"pos": (np.arange(STEPS + 35) % len(TAGS) + 1).astype("f8")},
        "measures.h5": {"depth": depth, "mood": rng.random(STEPS), "frequency": rng.random(len(VOCABULARY) + 1)},
        "predictions.h5": {
            "top": rng.integers(1, len(VOCABULARY) + 1, (STEPS, RANKS)).astype("f8"),
            "prob": -np.sort(-rng.random((STEPS, RANKS))),
        },
    }
    arrays["measures.h5"]["mood"][[0, 30, 31]] = [np.nan, np.inf, -np.inf]
    for name, datasets in arrays.items():
        with h5py.File(directory / name, "w") as file:
            for path, values in datasets.items():
                file[path] = values
    for name, tokens in (("words.dict", VOCABULARY), ("pos.dict", TAGS)):
        lines = [f"{token} {number}\n" for number, token in enumerate(tokens, start=1)]
        (directory / name).write_text("".join(lines), encoding="utf-8")
    (directory / "lstm.yml").write_text(CONFIGURATION, encoding="utf-8")
    (directory / "indexdir").mkdir()  # LSTMVis's search index, which nothing here reads
    return directory
