"""Write the files of a project by hand, so that what is wrong with them can be anything."""

import h5py
import numpy as np
import yaml


def write_directory(directory, config, arrays=None, texts=None):
    """An `lstm.yml` (a mapping, or its text), arrays by file and path, and text files by name."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, datasets in (arrays or {}).items():
        with h5py.File(directory / name, "w") as file:
            for path, values in datasets.items():
                file.create_dataset(path, data=values)
    for name, text in (texts or {}).items():
        (directory / name).write_text(text, encoding="utf-8")
    text = config if isinstance(config, str) else yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
    (directory / "lstm.yml").write_text(text, encoding="utf-8")
    return directory


def write_small_project(directory, values=None, **sections):
    """A project of one source `states::s`, raw (no tanh), with whatever else the sections say."""
    values = np.zeros((3, 2), np.float32) if values is None else values
    config = {
        "files": {"states": "states.hdf5"},
        "states": {"file": "states", "types": [{"type": "state", "layer": 1, "path": "s", "transform": "none"}]},
        **sections,
    }
    return write_directory(directory, config, {"states.hdf5": {"s": values}})
