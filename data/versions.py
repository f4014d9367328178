"""Which version of lstmvis made a file, and whether this one can read it.

    made_by: {lstmvis: 0.1.0, format: 1}

stands in `lstm.yml`, in checkpoints and in what a training goes on from; HDF5 files and indexes have the version alone,
since they are read as `lstm.yml` or the index itself says. The format is a number that rises where an older lstmvis
would not understand, or misunderstand, what is written. Files of other programs, and those from before, have none.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

KEY = "made_by"
PROJECT_FORMAT = 1
CHECKPOINT_FORMAT = 1
LONGEST_SHOWN = 30  # characters of a version that somebody else has written


def this_version() -> str:
    return f"lstmvis {version('lstmvis')}"


def made_by(file_format: int) -> dict[str, Any]:
    """What a file says that is written now."""
    return {"lstmvis": version("lstmvis"), "format": file_format}


def why_too_new(content: Mapping[Any, Any], known: int, where: str) -> str:
    """A sentence where the content of a file says that it is of a format above `known`; else nothing."""
    maker = content.get(KEY)
    if not isinstance(maker, Mapping):
        return ""
    file_format = maker.get("format")
    if not isinstance(file_format, int) or file_format <= known:
        return ""
    newer = f"lstmvis {str(maker.get('lstmvis', ''))[:LONGEST_SHOWN]}".strip()
    return (
        f"{where} was made by {newer}, in format {file_format}. This is {this_version()}, which reads no format above "
        f"{known}: update it."
    )
