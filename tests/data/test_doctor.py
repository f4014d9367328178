"""Projects that are broken in one way each, and the doctor's words for it."""

import copy
import fcntl
import json
from dataclasses import replace

import h5py
import numpy as np
import pytest

from lstmvis.data import statistics, write_project
from lstmvis.data.doctor import examine
from lstmvis.data.findings import fault, hint
from lstmvis.data.writing import ProjectWriter
from tests.lstmvis_directory import write_lstmvis_directory
from tests.project_directory import write_directory

STEPS, CELLS = 40, 3
CONFIG = {
    "name": "mine",
    "files": {"states": "states.hdf5", "train": "train.hdf5", "words": "words.json", "tags": "tags.json"},
    "word_sequence": {"file": "train", "path": "word_ids", "dict_file": "words"},
    "states": {
        "file": "states",
        "types": [
            {"type": "cell", "layer": 1, "path": "cell", "transform": "tanh"},
            {"type": "hidden", "layer": 1, "path": "hidden", "transform": "none"},
        ],
    },
    "meta": {
        "tag": {"file": "train", "path": "tag", "dict": "tags", "vis": {"type": "discrete", "range": "dict"}},
        "loss": {"file": "train", "path": "loss", "vis": {"type": "scalar", "range": [0, 5]}},
        "depth": {"file": "train", "path": "depth", "vis": {"type": "discrete", "range": "0...4"}},
        "top": {
            "file": "train",
            "path": "top",
            "dict": "words",
            "type": "wordvec",
            "weights_path": "weights",
            "vis": {"type": "wordvec"},
        },
    },
    "sequences": {"file": "train", "path": "starts"},
}
WORDS = ["the", "cat", "sat", "."]
TAGS = ["NOUN", "VERB", "DET", "PUNCT"]


class Broken:
    """A healthy project until something is done to it."""

    def __init__(self):
        cell = np.random.default_rng(1).normal(0, 1.2, (STEPS, CELLS)).astype("f4")
        ids = np.arange(STEPS) % len(WORDS)
        self.config = copy.deepcopy(CONFIG)
        self.states = {"cell": cell, "hidden": np.tanh(cell)}
        self.train = {
            "word_ids": ids,
            "tag": ids,
            "loss": ids.astype("f4"),
            "depth": ids,
            "top": np.stack([ids, ids], axis=1),
            "weights": np.full((STEPS, 2), 0.5, "f4"),
            "starts": [0, 10, 20],
        }
        self.words, self.tags = json.dumps(WORDS), json.dumps(TAGS)
        self.yaml = None  # instead of the configuration
        self.layout = {}  # of the cell states in HDF5
        self.afterwards = lambda directory: None

    @property
    def meta(self):
        return self.config["meta"]

    @property
    def source(self):
        return self.config["states"]["types"][0]

    def write(self, directory):
        arrays = {"states.hdf5": self.states, "train.hdf5": self.train}
        texts = {"words.json": self.words, "tags.json": self.tags}
        write_directory(directory, self.yaml or self.config, arrays, texts)
        if self.layout:
            with h5py.File(directory / "states.hdf5", "r+") as file:
                del file["cell"]
                file.create_dataset("cell", data=self.states["cell"], **self.layout)
        self.afterwards(directory)
        return directory


def truncate(file, size):
    def cut(directory):
        with (directory / file).open("r+b") as opened:
            opened.truncate(size)

    return cut


def without_tags(directory):
    (directory / "tags.json").unlink()


def damage(directory):
    with h5py.File(directory / "states.hdf5") as file:
        chunk = file["cell"].id.get_chunk_info(1)
    with (directory / "states.hdf5").open("r+b") as raw:
        raw.seek(chunk.byte_offset)
        raw.write(b"\xff" * 30)


CELL = "source states::cell"
MISSING = "Put it there, or correct `files`"
WRITE_AGAIN = "Copy it again from where it came from, or let what wrote it write it again, to its end."

# How it is broken -> what the doctor says of it. Where `change` is not given, the sentence says what is allowed.
BROKEN = {
    "yaml that ends too early": (
        lambda p: setattr(p, "yaml", "name: mine\nfiles: {states: states.hdf5\nstates: x\n"),
        fault(
            "lstm.yml",
            "lstm.yml, line 3, column 7: expected ',' or '}', but got ':'.",
            "The line reads `states: x`.",
        ),
    ),
    "yaml indented with tabs": (
        lambda p: setattr(p, "yaml", "states:\n\tfile: states\n"),
        fault(
            "lstm.yml",
            "lstm.yml, line 2, column 1: found character '\\t' that cannot start any token.",
            "The line reads `file: states`. YAML is indented with spaces, never with tabs.",
        ),
    ),
    "a key twice": (
        lambda p: setattr(p, "yaml", json.dumps(p.config)[:-1] + ',\n "etc": {},\n "etc": {}}'),
        fault(
            "lstm.yml, line 3",
            "`etc` is there twice, in lines 2 and 3; only the later one counts.",
            "Take one out, or make one of the two.",
        ),
    ),
    "a misspelt section": (
        lambda p: p.config.update(word_sequnce=p.config.pop("word_sequence")),
        fault("lstm.yml, line 51", "Nothing reads `word_sequnce`.", "Did you mean `word_sequence`?"),
    ),
    "a misspelt key of a source": (
        lambda p: p.source.update(tranform=p.source.pop("transform")),
        fault("lstm.yml, line 17", "Nothing reads `tranform` in `types`.", "Did you mean `transform`?"),
    ),
    "a key of another program": (
        lambda p: p.config.update(colour="blue"),
        hint(
            "lstm.yml, line 55",
            "Nothing reads `colour`.",
            "Take it out, unless another program needs it. What is read: name, description, files, word_sequence, "
            "states, word_embedding, meta, etc, sequences, model, opening, made_by.",
        ),
    ),
    "no sources": (
        lambda p: p.config.pop("states"),
        fault(
            "states.types",
            "lstm.yml names no sources: `states.types` is missing or empty.",
            "Name at least one, such as "
            "`states: {file: states, types: [{type: cell, layer: 1, path: PATH_IN_THE_HDF5_FILE}]}`.",
        ),
    ),
    "a missing file": (
        lambda p: p.config["files"].update(states="state.hdf5"),
        fault(CELL, "The file state.hdf5 is missing.", MISSING + ": there is states.hdf5."),
    ),
    "a missing dictionary": (
        lambda p: p.config["files"].update(tags="gone.json"),
        fault("annotation tag", "The file gone.json is missing.", MISSING + ": there is tags.json."),
    ),
    "a missing file that is like one with another use": (
        lambda p: (
            p.config["files"].update(tags="word.json"),
            setattr(p, "afterwards", without_tags),
        ),
        fault("annotation tag", "The file word.json is missing.", MISSING + "."),
    ),
    "a colon in a value": (
        lambda p: setattr(p, "yaml", "name: mine: the second\n"),
        fault(
            "lstm.yml",
            "lstm.yml, line 1, column 11: mapping values are not allowed here.",
            "The line reads `name: mine: the second`. Where a value has a colon in it, put the value in quotes.",
        ),
    ),
    "a dictionary of the wrong ending": (
        lambda p: p.config["files"].update(tags="train.hdf5"),
        fault(
            "annotation tag",
            "The name of dictionary train.hdf5 must end in .dict, .txt, .json.",
            "Rename it: .dict and .txt hold `token id` a line, .json a list of tokens.",
        ),
    ),
    "a file that is used and not declared": (
        lambda p: p.source.update(file="stats"),
        fault(
            "source stats::cell",
            "lstm.yml: 'stats' is not among the `files`; there are: states, train, words, tags.",
            "Did you mean `states`?",
        ),
    ),
    "a file that is declared, unused and not there": (
        lambda p: p.config["files"].update(extra="extra.h5"),
        hint(
            "files",
            "Nothing uses 'extra', the file extra.h5, which is not there either.",
            "Take it out, or name it where it is to be used.",
        ),
    ),
    "a file that is declared and unused": (
        lambda p: p.config["files"].update(extra="train.hdf5"),
        hint(
            "files",
            "Nothing uses 'extra', the file train.hdf5.",
            "Take it out, or name it where it is to be used.",
        ),
    ),
    "a file outside": (
        lambda p: p.config["files"].update(tags="../tags.json"),
        fault(
            "files",
            "lstm.yml: the file '../tags.json' lies outside the project's directory.",
            "Move or copy it into the directory: a project may only read what is its own.",
        ),
    ),
    "a checkpoint that is not there": (
        lambda p: p.config.update(model={"checkpoint": "model.pt"}),
        hint(
            "model",
            "The checkpoint model.pt is not there. Nothing that is shown needs it.",
            "Put it there to run the model again, or take `model` out.",
        ),
    ),
    "a wrong path": (
        lambda p: p.source.update(path="cells"),
        fault(
            "source states::cells",
            "There is no 'cells' in states.hdf5; it holds 'cell', 'hidden'.",
            "Did you mean `path: cell`?",
        ),
    ),
    "a source without a path": (
        lambda p: p.source.pop("path"),
        fault(
            "source 1",
            "lstm.yml: a source in `states.types` has no `path`.",
            "Add `path`: what the data are called inside that HDF5 file.",
        ),
    ),
    "a truncated file": (
        lambda p: setattr(p, "afterwards", truncate("states.hdf5", 2500)),
        fault(CELL, "states.hdf5 is cut off: 2,500 bytes are there of 3,008.", WRITE_AGAIN),
    ),
    "an empty file": (
        lambda p: setattr(p, "afterwards", truncate("train.hdf5", 0)),
        fault(
            "word_sequence",
            "train.hdf5 cannot be read as HDF5: Unable to synchronously open file (file signature not found).",
            "It is empty. " + WRITE_AGAIN,
        ),
    ),
    "a placeholder of Git": (
        lambda p: setattr(
            p,
            "afterwards",
            lambda d: (d / "train.hdf5").write_text("version https://git-lfs.github.com/spec/v1\nsize 9\n"),
        ),
        fault(
            "word_sequence",
            "train.hdf5 cannot be read as HDF5: Unable to synchronously open file (file signature not found).",
            "It is only Git's placeholder for it: run `git lfs pull`.",
        ),
    ),
    "states in three axes": (
        lambda p: p.states.update(cell=np.zeros((4, 10, CELLS))),
        fault(
            CELL,
            "'cell' in states.hdf5 must be an array of numbers with one or two axes; it is float64 (4, 10, 3).",
            "Text becomes ids, with a dictionary that says what they stand for; states become steps x cells.",
        ),
    ),
    "cells first": (
        lambda p: p.states.update(cell=np.ascontiguousarray(p.states["cell"].T)),
        fault(
            CELL,
            "It seems to lie cells x steps: it is 3 x 40, and there are 40 tokens.",
            "Store its transpose: the states of step t are row t.",
        ),
    ),
    "states without steps": (
        lambda p: p.states.update(cell=np.zeros((0, CELLS), "f4")),
        fault(CELL, "It holds no states: it has 0 steps x 3 cells."),
    ),
    "a source that is one shorter": (
        lambda p: p.states.update(cell=p.states["cell"][:-1]),
        hint(
            CELL,
            "It has 39 positions and the longest source 40: the last 1 lack it.",
            "If the first is what is left out, all others are shifted by one: row t of the states is the state after "
            "token t. Compare the tokens beside a state that you know.",
        ),
    ),
    "a source that is shorter": (
        lambda p: p.states.update(cell=p.states["cell"][:30]),
        hint(CELL, "It has 30 positions and the longest source 40: the last 10 lack it."),
    ),
    "words beyond the states": (
        lambda p: p.train.update(word_ids=np.zeros(50, int)),
        hint("word_sequence", "It has 50 positions and the longest source 40: the last 10 are not used."),
    ),
    "compressed states": (
        lambda p: p.layout.update(chunks=(10, 3), compression="gzip"),
        hint(
            CELL,
            "'cell' in states.hdf5 is compressed (gzip). It works, but is read more slowly.",
            "Write it in one piece: in h5py, `create_dataset` without `chunks`, `compression` and `maxshape`; for a "
            "whole file, `h5repack -f NONE -l CONTI OLD NEW`.",
        ),
    ),
    "a damaged piece of compressed states": (
        lambda p: (p.layout.update(chunks=(10, 3), compression="gzip"), setattr(p, "afterwards", damage)),
        fault(CELL, "'cell' in states.hdf5 cannot be read: Can't synchronously read data (", WRITE_AGAIN),
    ),
    "doubles": (
        lambda p: p.states.update(cell=p.states["cell"].astype("f8")),
        hint(
            CELL,
            "'cell' in states.hdf5 is stored as float64. It works, but is read more slowly.",
            "Store it as float32, or as float16 for half the disk.",
        ),
    ),
    "NaN in the states": (
        lambda p: p.states["cell"].__setitem__((slice(7, 9), 2), np.nan),
        fault(
            CELL,
            "Of 120 states, 2 are NaN; the first is at position 7, cell 2.",
            "Look for a division by 0, a model that diverged, or float16 that overflowed.",
        ),
    ),
    "an infinity in the states": (
        lambda p: p.states["cell"].__setitem__((39, 0), -np.inf),
        fault(
            CELL,
            "Of 120 states, 1 is infinite; the first is at position 39, cell 0.",
            "Look for a division by 0, a model that diverged, or float16 that overflowed.",
        ),
    ),
    "states that were never filled": (
        lambda p: p.states["cell"].fill(0),
        hint(
            CELL,
            "No cell ever changes; all states lie in 0 to 0.",
            "Was the array filled after it was made? Is this the right `path`?",
        ),
    ),
    "a cell that never changes": (
        lambda p: p.states["cell"][:, 1].fill(0.5),
        hint(CELL, "1 of 3 cells never change.", "Are these cells dead, or columns that were never filled?"),
    ),
    "a hidden state of which tanh is taken again": (
        lambda p: p.config["states"]["types"][1].pop("transform"),
        hint(
            "source states::hidden",
            "The states lie in -0.997 to 0.9877, as if tanh had been taken of them already, and it is taken again.",
            "For a hidden state, or any other activation, write `transform: none`.",
        ),
    ),
    "tanh of what is far beyond it": (
        lambda p: p.states.update(cell=p.states["cell"] * 100),
        hint(
            CELL,
            "96.7% of the activations are beyond ±0.99, for tanh is taken of states in -325.3 to 254.1: a threshold "
            "tells little more than their sign.",
            "Where these are no cell states, write `transform: none`; thresholds are then in their range.",
        ),
    ),
    "a cell state without tanh": (
        lambda p: p.source.update(transform="none"),
        hint(
            CELL,
            "The states lie in -3.253 to 2.541, and `transform: none` leaves them so.",
            "For the cell state of an LSTM write `transform: tanh`: that is its activation.",
        ),
    ),
    "an unknown transform": (
        lambda p: p.source.update(transform="relu"),
        fault(CELL, "lstm.yml: the transform of a source in `states.types` must be tanh or none, not 'relu'."),
    ),
    "states that never reach the threshold": (
        lambda p: p.states.update(cell=p.states["cell"] / 100),
        hint(
            CELL,
            "No activation reaches 0.3, where the page's threshold begins; the highest is 0.02541.",
            "Choose a lower threshold, or scale the states.",
        ),
    ),
    "states that never leave the threshold": (
        lambda p: p.states.update(cell=p.states["cell"] + 5),
        hint(
            CELL,
            "Every activation is at least 0.3, where the page's threshold begins: all cells are always on.",
            "Choose a higher threshold.",
        ),
    ),
    "unsigned states below 0": (
        lambda p: p.source.update(unsigned=True),
        hint(
            CELL,
            "`unsigned: true` says that no state is below 0; the lowest is -3.253.",
            "Write `unsigned: false`.",
        ),
    ),
    "no words": (
        lambda p: p.config.pop("word_sequence"),
        hint(
            "word_sequence",
            "There are no tokens: positions have numbers only, and nothing can be searched.",
            "Where the states belong to a text, add `word_sequence`.",
        ),
    ),
    "no dictionary": (
        lambda p: p.config["word_sequence"].pop("dict_file"),
        hint(
            "word_sequence",
            "There is no dictionary: tokens are shown as their ids, and nothing can be searched.",
            "Add `dict_file`, one of the `files`.",
        ),
    ),
    "ids that the dictionary does not have": (
        lambda p: p.train["word_ids"].__setitem__([5, 17], [9, 7]),
        fault(
            "word_sequence",
            "Of the ids in 'word_ids' in train.hdf5, 2 are not in words.json; the first is 9, at position 5.",
            "The ids here lie in 0 to 9, those of words.json in 0 to 3. Add what is missing, or correct the ids.",
        ),
    ),
    "ids that count from 1": (
        lambda p: p.train.update(word_ids=p.train["word_ids"] + 1),
        fault(
            "word_sequence",
            "Of the ids in 'word_ids' in train.hdf5, 10 are not in words.json; the first is 4, at position 3.",
            "The ids here lie in 1 to 4, those of words.json in 0 to 3. Do these count from 1 and those from 0?",
        ),
    ),
    "ids that are no whole numbers": (
        lambda p: p.train.update(word_ids=p.train["word_ids"] + 0.5),
        fault(
            "word_sequence",
            "Of the ids in 'word_ids' in train.hdf5, 40 are no whole numbers; the first is at position 0.",
            "Store ids as integers. Is this the right `path`?",
        ),
    ),
    "ids that are NaN": (
        lambda p: p.train.update(word_ids=np.where(np.arange(STEPS) == 8, np.nan, 1)),
        fault(
            "word_sequence",
            "Of the ids in 'word_ids' in train.hdf5, 1 is NaN or infinite; the first is at position 8.",
            "Every position needs the id of a token.",
        ),
    ),
    "an id for two tokens": (
        lambda p: setattr(p, "words", '{"the": 0, "cat": 1, "sat": 2, ".": 3, "dog": 1}'),
        fault(
            "dictionary words",
            "words.json gives 1 id to more than one token; the first is 1, for 'cat' and 'dog'. The last one counts.",
            "Give each token an id of its own.",
        ),
    ),
    "a token with two ids": (
        lambda p: setattr(p, "words", '["the", "cat", "the", "."]'),
        hint(
            "dictionary words",
            "words.json has 1 token under more than one id; the first is 'the', as 0 and 2. "
            "Search finds only the last.",
            "Give each token one id, if they are the same.",
        ),
    ),
    "an id for none": (
        lambda p: setattr(p, "words", '{"the": 0, "cat": 1, "sat": 2, ".": 3, "dog": 8}'),
        hint(
            "dictionary words",
            "words.json has ids from 0 to 8, but 4 of them not; the first is 4.",
            "That does no harm where they are not used.",
        ),
    ),
    "a dictionary that is empty": (
        lambda p: setattr(p, "words", "[]"),
        fault(
            "dictionary words",
            "words.json is empty.",
            "It must hold `token id` a line, or be a .json list of tokens.",
        ),
    ),
    "a dictionary in another encoding": (
        lambda p: setattr(
            p, "afterwards", lambda d: (d / "words.json").write_bytes('["thé", "cat", "sat", "."]'.encode("latin-1"))
        ),
        hint("dictionary words", "words.json is not UTF-8: some letters are shown as \ufffd.", "Save it as UTF-8."),
    ),
    "sequences that do not ascend": (
        lambda p: p.train.update(starts=[0, 20, 10]),
        fault(
            "sequences",
            "'starts' in train.hdf5 must hold the starts of the sequences, ascending from 0.",
            "Entry 2 is 10, and the one before it 20.",
        ),
    ),
    "sequences that do not begin at 0": (
        lambda p: p.train.update(starts=[1, 20]),
        fault(
            "sequences",
            "'starts' in train.hdf5 must hold the starts of the sequences, ascending from 0.",
            "The first must be 0; it is 1.",
        ),
    ),
    "sequences beyond the corpus": (
        lambda p: p.train.update(starts=[0, 20, 40, 60]),
        fault(
            "sequences",
            "Of 4 starts, 2 are beyond the corpus of 40 positions; the first is 40.",
            "Starts are positions of tokens, from 0. Do these count something else?",
        ),
    ),
    "an annotation without vis": (
        lambda p: p.meta["loss"].pop("vis"),
        hint("annotation loss", "It has no `vis`, so it is drawn as scalar.", "Write `vis: {type: scalar}`."),
    ),
    "an unknown view": (
        lambda p: p.meta["loss"]["vis"].update(type="scaler"),
        fault("annotation loss", "Nothing draws `vis: {type: scaler}`.", "Did you mean `scalar`?"),
    ),
    "an unknown type": (
        lambda p: p.meta["loss"].update(type="numbers"),
        fault(
            "annotation loss", "lstm.yml: the type of the annotation 'loss' must be general or wordvec, not 'numbers'."
        ),
    ),
    "a view of ranked words for a number": (
        lambda p: p.meta["loss"].update(vis={"type": "wordvec"}),
        fault(
            "annotation loss",
            "Its `type` is general and that of its `vis` wordvec, which do not go together.",
            "Ranked words have `wordvec` as both; everything else has it as neither.",
        ),
    ),
    "labels on a scale": (
        lambda p: p.meta["tag"].update(vis={"type": "scalar"}),
        fault(
            "annotation tag",
            "It is drawn on a scale of numbers, but its `dict` gives it labels.",
            "Write `vis: {type: discrete, range: dict}`, or take `dict` out.",
        ),
    ),
    "labels without a range": (
        lambda p: p.meta["tag"]["vis"].pop("range"),
        hint(
            "annotation tag",
            "Its labels have no order, so their colours are arbitrary.",
            "Write `vis: {type: discrete, range: dict}`.",
        ),
    ),
    "labels that the dictionary does not have": (
        lambda p: p.train.update(tag=p.train["tag"] * 2),
        fault(
            "annotation tag",
            "Of the ids in 'tag' in train.hdf5, 20 are not in tags.json; the first is 4, at position 2.",
            "The ids here lie in 0 to 6, those of tags.json in 0 to 3. Add what is missing, or correct the ids.",
        ),
    ),
    "ranked words that the dictionary does not have": (
        lambda p: p.train["top"].__setitem__((12, 1), 4),
        fault(
            "annotation top",
            "Of the ids in 'top' in train.hdf5, 1 is not in words.json; the first is 4, at position 12, rank 1.",
            "The ids here lie in 0 to 4, those of words.json in 0 to 3. Add what is missing, or correct the ids.",
        ),
    ),
    "a range without some labels": (
        lambda p: p.meta["tag"]["vis"].update(range=["DET", "NOUN", "VERB"]),
        hint(
            "annotation tag",
            "Its `range` leaves out 25.0% of its values; the first is 'PUNCT', at position 3.",
            "Add them, or write `range: dict` for all labels.",
        ),
    ),
    "a range of some of the integers": (
        lambda p: p.meta["depth"]["vis"].update(range="1...3"),
        hint(
            "annotation depth",
            "Its `range` leaves out 50.0% of its values; they lie in 0 to 3.",
            "For all of them write `range: 0...4`.",
        ),
    ),
    "a range that is too small": (
        lambda p: p.meta["loss"]["vis"].update(range=[0, 2.5]),
        hint(
            "annotation loss",
            "Its `range` leaves out 25.0% of its values; they lie in 0 to 3.",
            "For all of them write `range: [0, 3]`.",
        ),
    ),
    "a range far from all values": (
        lambda p: p.meta["loss"]["vis"].update(range=[100, 200]),
        fault(
            "annotation loss",
            "Its `range` covers none of its values; they lie in 0 to 3.",
            "For all of them write `range: [0, 3]`.",
        ),
    ),
    "numbers that are missing": (
        lambda p: p.train["loss"].__setitem__(slice(4, 7), np.nan),
        hint(
            "annotation loss",
            "Of the values in 'loss' in train.hdf5, 3 are NaN or infinite; the first is at position 4.",
            "Nothing is drawn there, which may be meant.",
        ),
    ),
    "an opening view that is no address": (
        lambda p: p.config.update(opening=3),
        fault(
            "opening",
            "lstm.yml: `opening` must be the address of a view, not 3.",
            "Open the view, and copy what the address bar holds after the `?`, such as "
            "`opening: source=states::layer1/cell&pos=70&threshold=0.3&range=75,80`.",
        ),
    ),
    "an opening view of a source that there is not": (
        lambda p: p.config.update(opening="source=states::cel&pos=3"),
        fault("opening", "It names the source 'states::cel', which there is not.", "Did you mean `states::cell`?"),
    ),
    "an opening view beyond the corpus": (
        lambda p: p.config.update(opening="pos=3&range=38,40"),
        fault(
            "opening",
            "Its range ends at position 40, and the last of states::cell is 39.",
            "Open the view that is meant, and copy its address again.",
        ),
    ),
    "an opening view with an annotation that there is not": (
        lambda p: p.config.update(opening="range=38,39&track=tag&track=tags"),
        hint("opening", "It shows the annotation 'tags', which there is not.", "Did you mean `tag`?"),
    ),
    "too few rows to look words up in": (
        lambda p: (p.meta["loss"].update(index="word_sequence"), p.train.update(loss=[1.0, 2, 3])),
        hint(
            "annotation loss",
            "It is looked up by id and has 3 rows. Nothing is shown at 10 positions whose id is beyond them; the first "
            "is at position 3.",
            "Give it a row for each id, from 0 on.",
        ),
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_the_doctor_says_what_is_wrong_where_and_what_to_change(tmp_path, how):
    project = Broken()
    break_it, expected = BROKEN[how]
    break_it(project)
    found = examine(project.write(tmp_path / "mine")).findings
    if how.startswith("a damaged"):  # HDF5's own words end the sentence, and differ between its versions
        found = [replace(finding, what=finding.what[: len(expected.what)]) for finding in found]
    assert expected in found
    if expected.severity == "hint":
        assert {finding.severity for finding in found} == {"hint"}


def test_a_healthy_project_has_nothing_wrong(tmp_path):
    watched = []
    report = examine(Broken().write(tmp_path / "mine"), lambda read, total: watched.append((read, total)))
    assert report.findings == ()
    assert watched[-1][0] == watched[-1][1]


def test_an_opening_view_of_what_is_there_is_right(tmp_path):
    project = Broken()
    project.config["opening"] = "project=mine&source=states::hidden&range=38,39&track=tag&track=loss"
    assert examine(project.write(tmp_path / "mine")).findings == ()


def test_what_is_written_here_has_nothing_wrong(tmp_path):
    chance = np.random.default_rng(3)
    with ProjectWriter(tmp_path / "p", "p", "written") as project:
        project.write_tokens(chance.integers(0, 5, 100), list("abcde"))
        project.write_sequences([0, 50])
        project.create_source("cell", 100, 4)[:] = chance.normal(0, 2, (100, 4))
        project.create_source("hidden", 100, 4, transform="none", dtype="float16")[:] = chance.uniform(-1, 1, (100, 4))
        project.write_discrete("kind", chance.integers(0, 2, 100), ["x", "y"])
        project.write_scalar("loss", chance.random(100))
        project.write_ranked("top", chance.integers(0, 5, (100, 2)), np.ones((100, 2)), list("abcde"))
    assert examine(tmp_path / "p").findings == ()


def test_a_directory_of_lstmvis_has_no_fault(tmp_path):
    report = examine(write_lstmvis_directory(tmp_path / "children"))
    assert report.faults == 0
    assert "It has 275 positions and the longest source 240: the last 35 are not used." in {
        finding.what for finding in report.findings
    }


@pytest.mark.parametrize("block_bytes", [12, 100, 1 << 24])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
def test_figures_are_those_of_the_whole_whatever_the_blocks(tmp_path, monkeypatch, block_bytes, dtype):
    monkeypatch.setattr(statistics, "BLOCK_BYTES", block_bytes)
    project = Broken()
    cell = project.states["cell"].astype(dtype)
    cell[:, 2] = 1
    cell[[13, 20], 1] = np.nan
    cell[30, 0] = np.inf
    project.states["cell"] = cell
    figures = examine(project.write(tmp_path / "mine")).sources[0].statistics
    numbers = cell.astype(float)
    finite = numbers[np.isfinite(numbers)]
    assert (figures.lowest, figures.highest) == (finite.min(), finite.max())
    assert figures.mean == pytest.approx(finite.mean())
    assert figures.share_on == np.mean(np.tanh(numbers) >= 0.3)
    assert figures.constant_cells == 1
    assert (figures.nan, figures.first_nan) == (2, (13, 1))
    assert (figures.infinite, figures.first_infinite) == (1, (30, 0))


def test_without_a_configuration_one_is_proposed(tmp_path):
    Broken().write(tmp_path)
    (tmp_path / "lstm.yml").unlink()
    (finding,) = examine(tmp_path).findings
    assert finding.what == "There is no lstm.yml here, so this is no project."
    (tmp_path / "lstm.yml").write_text(finding.example)
    proposed = examine(tmp_path)
    assert [source.id for source in proposed.sources] == [
        "states::cell",
        "states::hidden",
        "train::top",
        "train::weights",
    ]


def test_a_configuration_under_another_name_is_recognised(tmp_path):
    (tmp_path / "lstm.yaml").write_text("name: x")
    assert examine(tmp_path).findings == (
        fault(
            str(tmp_path),
            "There is no lstm.yml here, so this is no project.",
            "Rename lstm.yaml to lstm.yml, if that is the configuration.",
        ),
    )


def test_a_file_that_is_open_for_writing_is_told_apart(tmp_path):
    directory = Broken().write(tmp_path / "mine")
    with (directory / "states.hdf5").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # as HDF5 does
        (finding,) = [f for f in examine(directory).findings if f.where == CELL]
    assert finding.change == "A program has it open for writing: close it there, or wait until it is done."


def test_a_project_that_breaks_its_reader_is_a_fault_too(tmp_path, monkeypatch):
    def fail(directory):
        raise ZeroDivisionError("of a parser")

    monkeypatch.setattr("lstmvis.data.doctor.Project", fail)
    (finding,) = examine(Broken().write(tmp_path / "mine")).findings
    assert finding.what == "This project cannot be opened: ZeroDivisionError: of a parser."


def test_a_single_step_is_not_blamed_for_never_changing(tmp_path):
    write_project(tmp_path / "p", ["a"], np.full((1, 3), 0.5))
    assert not examine(tmp_path / "p").findings


def test_a_loss_has_no_value_where_a_sequence_begins(tmp_path):
    broken = Broken()
    broken.train["loss"][[0, 10, 20]] = np.nan
    assert [each for each in examine(broken.write(tmp_path / "p")).findings if "NaN" in each.what] == []
