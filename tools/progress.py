"""Progress bars on a terminal; silence where the output goes to a file or a program."""

from typing import Any

from tqdm import tqdm

from lstmvis.data.interrupts import raise_interrupt


class _Bar(tqdm):  # type: ignore[misc]
    """Work that goes on is where a Ctrl-C that was lost is found."""

    def update(self, n: float | None = 1) -> Any:
        raise_interrupt()
        return super().update(n)


def progress_bar(title: str, total: int, unit: str = "char") -> Any:
    """A tqdm bar that shows how much of `total` is done, the time left and the speed."""
    return _Bar(desc=title, total=total, unit=unit, unit_scale=True, disable=None, dynamic_ncols=True)
