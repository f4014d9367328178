"""NLTK's data: a tree of packages, which are looked for where NLTK keeps them before anything is downloaded.

They are downloaded here and not by NLTK's own downloader, which begins a file anew when it was stopped, and trusts what
its index says of a file; here a file has to be the one that the demos were made with.
"""

import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from lstmvis.data.downloading import Remote, has_members

FOLDER = "nltk_data"
ADDRESS = "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages"


def package(path: str, size: int, fault: Callable[[Path], str]) -> Remote:
    """A package to download, by its place in the tree, such as `corpora/conll2000.zip`."""
    return Remote(f"{ADDRESS}/{path}", path, size, fault)


TAGGER_NAME = "averaged_perceptron_tagger_eng"
TAGGER = package(
    f"taggers/{TAGGER_NAME}.zip",
    1_539_115,
    has_members(
        {
            f"{TAGGER_NAME}/{TAGGER_NAME}.{part}.json": sha256
            for part, sha256 in {
                "classes": "d152ffa69d45b8357276341a3d592c6c025911d52ec0d9068d4f382560dd48b6",
                "tagdict": "4c713731cb06727736962bc8cd94ad919217a040e76691059af99bc0c2c9c246",
                "weights": "789e8e35f6fac656d9b7eccea29ba4e8a137cbb5b525dd31f39e4291a9e80832",
            }.items()
        }
    ),
)
"""What `nltk.pos_tag` has learnt of English."""


def find(path: str) -> Path | None:
    """The folder of NLTK's data on this machine in which there is this package, packed or not."""
    for folder in _folders():
        if (folder / path).is_file() or (folder / path).with_suffix("").is_dir():
            return folder
    return None


def _folders() -> Iterator[Path]:
    """Where NLTK looks, as in `nltk.data.path`."""
    yield from (Path(folder) for folder in os.environ.get("NLTK_DATA", "").split(os.pathsep) if folder)
    yield from (Path(each) / "nltk_data" for each in (Path.home(), sys.prefix, f"{sys.prefix}/share"))
    yield from (Path(each) / "nltk_data" for each in (f"{sys.prefix}/lib", "/usr/share", "/usr/local/share"))
    yield from (Path(each) / "nltk_data" for each in ("/usr/lib", "/usr/local/lib"))


def unpack(folder: Path, path: str) -> None:
    """Unpack a package beside itself, once, for what cannot read it packed."""
    if not (folder / path).with_suffix("").is_dir():
        with zipfile.ZipFile(folder / path) as packed:
            packed.extractall((folder / path).parent)
