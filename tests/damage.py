"""A server over two projects, one of which is damaged again and again: what it says and what it still gives.

    python -m tests.damage DIRECTORY FIRST COUNT

Runs in a process of its own, since a damaged file may take down whoever reads it. Before each damage, which its number
determines, this is written; after it, what came of it.
"""

import json
import random
import resource
import shutil
import sys
from pathlib import Path

import h5py
import numpy as np
import yaml

from lstmvis.data.doctor import examine
from tests.server.conftest import Api, strict_json

MEMORY = 8 << 30  # bytes of addresses, most of which nobody uses
STEPS, CELLS = 300, 6
LAYOUTS = {
    "contiguous": ({}, {}),
    "chunked": ({}, {"chunks": True, "maxshape": None}),
    "compressed": ({}, {"chunks": True, "compression": "gzip", "shuffle": True, "fletcher32": True}),
    "newest": ({"libver": "latest"}, {"chunks": True, "compression": "gzip"}),
    "newest contiguous": ({"libver": "latest"}, {}),
}
CONFIG = {
    "name": "damaged",
    "files": {"all": "all.hdf5", "words": "words.json", "labels": "labels.dict"},
    "word_sequence": {"file": "all", "path": "words/ids", "dict_file": "words"},
    "states": {"file": "all", "types": [{"path": "layer1/cell"}, {"path": "layer1/hidden", "transform": "none"}]},
    "sequences": {"file": "all", "path": "words/starts"},
    "meta": {
        "tag": {"file": "all", "path": "tags", "dict": "labels", "vis": {"type": "discrete", "range": "dict"}},
        "loss": {"file": "all", "path": "loss", "vis": {"type": "scalar"}},
        "top": {"file": "all", "path": "top", "type": "wordvec", "dict": "words", "weights_path": "weights"},
        "by_word": {"file": "all", "path": "of_word", "index": "word_sequence"},
    },
}
ARRAYS = {
    "layer1/cell": np.sin(np.arange(STEPS * CELLS, dtype="f4")).reshape(STEPS, CELLS) * 2,
    "layer1/hidden": np.cos(np.arange(STEPS * CELLS, dtype="f4")).reshape(STEPS, CELLS).astype("f2"),
    "words/ids": np.arange(STEPS) % 7,
    "words/starts": np.arange(0, STEPS, 50),
    "tags": np.arange(STEPS, dtype="u1") % 2,
    "loss": np.linspace(0, 9, STEPS),
    "top": np.arange(2 * STEPS).reshape(STEPS, 2) % 7,
    "weights": np.full((STEPS, 2), 0.25, "f4"),
    "of_word": np.arange(7.0),
}
DIMS = "states,words,cell_count,sequences,meta_tag,meta_loss,meta_top,meta_by_word"
ASKED = {
    "context": {"pos": "0,150,299", "left": 5, "right": 5, "dims": DIMS},
    "states": {"from": 0, "to": 299},
    "select": {"from": 3, "to": 5, "activation": 0.1},
    "match": {"cells": "0,2", "activation": 0.1, "dims": DIMS},
}
WHOLE = {"project": "whole", "source": "all::layer1/cell"}


def write_whole(directory, layout):
    opened, stored = LAYOUTS[layout]
    directory.mkdir(parents=True)
    with h5py.File(directory / "all.hdf5", "w", **opened) as file:
        for path, values in ARRAYS.items():
            file.create_dataset(path, data=values, **stored).attrs["made by"] = "chance"
    (directory / "words.json").write_text(json.dumps([f"token{number}" for number in range(7)]))
    (directory / "labels.dict").write_text("NOUN 0\nVERB 1\n")
    (directory / "lstm.yml").write_text(yaml.safe_dump(CONFIG))


def damaged(content, chance):
    """Cut off; or some of its bits flipped, or a piece of it replaced: anywhere, or where HDF5 keeps its own."""
    spoilt = bytearray(content)
    reach = chance.choice([100, 1000, 4000, len(content)])
    kind = chance.choice(["cut", "bits", "bits", "bits", "noise", "zeros", "ones", "moved", "number"])
    place = chance.randrange(min(reach, len(content)))
    size = chance.randrange(1, 64)
    if kind == "cut":
        return bytes(spoilt[:place])
    if kind == "bits":
        for _ in range(chance.choice([1, 1, 1, 2, 8, 64])):
            spoilt[chance.randrange(min(reach, len(content)))] ^= 1 << chance.randrange(8)
    else:
        other = chance.randrange(len(content))
        number = chance.choice([2**63, 2**62, 2**40, 2**31, 2**31 - 1, 10**15, 1 << 20, 255]).to_bytes(8, "little")
        piece = {
            "noise": chance.randbytes(size),
            "zeros": bytes(size),
            "ones": b"\xff" * size,
            "moved": content[other : other + size],
            "number": number,
        }[kind]
        place = place // 8 * 8 if kind == "number" else place
        spoilt[place : place + len(piece)] = piece[: len(content) - place]
    return bytes(spoilt)


class Served:
    """A directory of two projects and a server over it."""

    def __init__(self, directory):
        self.directory = directory
        for layout in LAYOUTS:
            write_whole(directory / "originals" / layout, layout)
        shutil.copytree(directory / "originals" / "contiguous", directory / "served" / "whole")
        (directory / "served" / "damaged").mkdir()
        self.api = Api(directory / "served", validate_responses=False)
        self.right = self.answers(WHOLE)
        assert {status for status, _ in self.right} == {200}

    def answers(self, where):
        found = [self.api.raw(endpoint, **where, **parameters) for endpoint, parameters in ASKED.items()]
        found.append(self.api.raw("search", project=where["project"], q="token3"))
        return [(each.status_code, each.content) for each in found]

    def damage(self, number):
        """Damage the project in the way of that number; what it says of it then, empty where it notices nothing."""
        chance = random.Random(number)
        place = self.directory / "served" / "damaged"
        shutil.rmtree(place)
        shutil.copytree(self.directory / "originals" / chance.choice(list(LAYOUTS)), place)
        names = ["all.hdf5"] * 8 + ["words.json", "labels.dict", "lstm.yml"]
        file = place / chance.choice(names)
        file.write_bytes(damaged(file.read_bytes(), chance))
        return self.look(place)

    def look(self, place):
        (info,) = (each["info"] for each in strict_json(self.api.raw("info")) if each["project"] == "damaged")
        said = info.get("error") or ""
        assert "Error" not in said, said
        findings = examine(place).findings
        assert not said or any(finding.severity == "fault" for finding in findings), said
        for described in info["states"]["types"]:
            where = {"project": "damaged", "source": f"{described['file']}::{described['path']}"}
            for (status, content), endpoint in zip(self.answers(where), (*ASKED, "search"), strict=True):
                assert status in (200, 400, 404), (endpoint, status)
                if status != 200:
                    said = said or json.loads(content)["detail"]
        assert self.answers(WHOLE) == self.right
        return said


def main(directory, first, count):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    served = Served(Path(directory))
    for number in range(int(first), int(first) + int(count)):
        print(number, flush=True)
        print(json.dumps(served.damage(number)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
