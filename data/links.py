"""Where a path inside an HDF5 file leads: through groups, and links within the file and to other files.

HDF5 would follow them by itself, and open whatever a link names, wherever that lies: a pipe, at which it waits for
ever, or a file that is nobody's business.
"""

from pathlib import Path

import h5py

from lstmvis.data.errors import ProjectError

MOST_LINKS = 16


def find_dataset(file: h5py.File, path: str, directory: Path) -> h5py.Dataset | None:
    """The dataset at `path`, or None where there is none; what is not below `directory` is not opened.

    Raises ProjectError for a link that leads out of it, or in a circle; and, where the file is damaged, whatever h5py
    does.
    """
    place = f"{path!r} in {Path(file.filename).name}"
    group, names = file["/"], path.split("/")
    followed = 0
    while names:
        name = names.pop(0)
        if name in ("", "."):
            continue
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.HardLink):
            found = group[name]
            if isinstance(found, h5py.Dataset):
                return None if any(names) else found
            if not isinstance(found, h5py.Group):
                return None
            group = found
            continue
        followed += 1
        if followed > MOST_LINKS:
            raise ProjectError(f"{place} leads through more than {MOST_LINKS} links.")
        if isinstance(link, h5py.SoftLink):
            names = [*link.path.split("/"), *names]
            group = group.file["/"] if link.path.startswith("/") else group
        elif isinstance(link, h5py.ExternalLink):
            names = [*link.path.split("/"), *names]
            group = _open_linked(Path(group.file.filename).parent / link.filename, place, directory)["/"]
        else:
            return None
    return None


def _open_linked(target: Path, place: str, directory: Path) -> h5py.File:
    if not is_inside(directory, target):
        raise ProjectError(f"{place} is a link to a file outside the project's directory.")
    if not target.is_file():
        raise ProjectError(f"{place} is a link to {target.name}, which is not there.")
    return h5py.File(target, "r")


def is_inside(directory: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(directory.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a circle, names that no file can have
        return False
