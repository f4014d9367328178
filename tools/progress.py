"""Progress bars on a terminal; silence where the output goes to a file or a program."""

from typing import Any

from tqdm import tqdm


def progress_bar(title: str, total: int, unit: str = "char") -> Any:
    """A tqdm bar that shows how much of `total` is done, the time left and the speed."""
    return tqdm(desc=title, total=total, unit=unit, unit_scale=True, disable=None, dynamic_ncols=True)
