"""Where NLTK's tagger of English lies: where NLTK looks for it, or where demos have downloaded it to."""

from pathlib import Path

from lstmvis.data.corpora import nltk_data
from lstmvis.data.downloading import download, where_to_put
from lstmvis.tools.places import cache_home
from lstmvis.tools.progress import progress_bar

OTHERWISE = "Or name a folder of NLTK's data that has it in NLTK_DATA."


def find_tagger() -> Path | None:
    """The folder of NLTK's data that has the tagger, as NLTK can read it; None where there is none."""
    tagger, folder = nltk_data.TAGGER, _folder()
    if (here := nltk_data.find(tagger.path)) is not None:
        return here
    packed = folder / tagger.path
    if packed.with_suffix("").is_dir():
        return folder
    if not packed.is_file() or tagger.fault(packed):
        return None
    nltk_data.unpack(folder, tagger.path)
    return folder


def get_tagger() -> Path:
    """The same, downloaded where it is not there. Raises DownloadError, with what to do, where it cannot be had."""
    if (here := find_tagger()) is not None:
        return here
    download([nltk_data.TAGGER], _folder(), progress_bar, OTHERWISE)
    nltk_data.unpack(_folder(), nltk_data.TAGGER.path)
    return _folder()


def how_to_get_tagger() -> str:
    """What to put where, for whom nothing can be downloaded; empty where there is the tagger."""
    if find_tagger() is not None:
        return ""
    there = where_to_put([nltk_data.TAGGER], _folder())
    return f"After that NLTK's tagger of English is needed, which is not there either:\n{there}\n{OTHERWISE}"


def _folder() -> Path:
    return cache_home() / "corpora" / nltk_data.FOLDER
