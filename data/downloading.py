"""Downloading files into a folder: one after the other, politely, and so that it can be stopped and goes on.

A file appears under its name when it is whole and what was expected. Until then it is `NAME.part`; the next download
asks only for what is missing of it, if the server says that it is still the same file.
"""

import contextlib
import email.utils
import hashlib
import http.client
import os
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from lstmvis.data.errors import LstmvisError
from lstmvis.data.locking import writing

PAUSE = 2.0  # seconds between two files, as in Project Gutenberg's advice for programs
ATTEMPTS = 5  # for a file: a connection may be cut, a server may ask to wait
MOST_WAIT = 120.0  # seconds that a server may ask to wait
PATIENCE = 5.0  # seconds, for another program that downloads into the same folder
TIMEOUT = 30.0  # seconds without a byte
BLOCK = 1 << 16  # bytes
LATER = (429, 503)

sleep = time.sleep

Bar = Callable[[str, int, str], AbstractContextManager[Any]]
"""Given a title, a total and a unit: something with `update(n)` that shows how much is done."""


class DownloadError(LstmvisError):
    """A file cannot be had."""


@dataclass(frozen=True)
class Remote:
    """A file to download."""

    url: str
    path: str
    """Where it is put, below the folder of downloads."""
    size: int
    """Bytes; about as many, where the file may change."""
    fault: Callable[[Path], str]
    """What is wrong with a file that should be this one, as a part of a sentence; empty where nothing is."""


class _CutError(Exception):
    """The connection ended before the file did."""


class _LaterError(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


def has_digest(sha256: str) -> Callable[[Path], str]:
    """Of a file: whether this is its SHA-256."""

    def fault(path: Path) -> str:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        return "" if found == sha256 else f"its SHA-256 is {found}, not {sha256}"

    return fault


def has_members(digests: Mapping[str, str]) -> Callable[[Path], str]:
    """Of a zip file: whether these are in it, by name, with these SHA-256."""

    def fault(path: Path) -> str:
        try:
            with zipfile.ZipFile(path) as archive:
                for name, sha256 in digests.items():
                    if name not in archive.namelist():
                        return f"there is no {name} in it"
                    found = hashlib.sha256(archive.read(name)).hexdigest()
                    if found != sha256:
                        return f"the SHA-256 of {name} in it is {found}, not {sha256}"
        except (zipfile.BadZipFile, OSError, EOFError) as error:
            return f"it is no whole zip file ({error})"
        return ""

    return fault


def download(remotes: Sequence[Remote], folder: Path, bar: Bar, otherwise: str = "") -> None:
    """Download those files that are not in `folder` yet.

    Raises DownloadError where one cannot be had, or is not what was expected; the message says which files are missing,
    where they are to be had and where to put them, and ends with `otherwise`, a sentence.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with writing(folder, PATIENCE):
        for remote in remotes:
            place = folder / remote.path
            if place.exists() and (fault := remote.fault(place)):
                raise DownloadError(f"{place} is not what it should be: {fault}. Remove it, and it is downloaded anew.")
        missing = [remote for remote in remotes if not (folder / remote.path).exists()]
        if not missing:
            return
        try:
            with bar("download", sum(remote.size for remote in missing), "B") as shown:
                for number, remote in enumerate(missing):
                    if number:
                        sleep(PAUSE)
                    _fetch(remote, folder / remote.path, shown.update)
        except DownloadError as error:
            raise DownloadError(_what_to_do(str(error), remotes, folder, otherwise)) from error


def _what_to_do(message: str, remotes: Sequence[Remote], folder: Path, otherwise: str) -> str:
    missing = [remote for remote in remotes if not (folder / remote.path).exists()]
    what = "This is missing" if len(missing) == 1 else "These are missing"
    return "\n".join(
        [
            f"{message} {what}; get what cannot be downloaded here in another way, and put it there:",
            where_to_put(missing, folder),
            otherwise,
        ]
    ).rstrip()


def where_to_put(remotes: Sequence[Remote], folder: Path) -> str:
    """Where files are to be had and where to put them, in lines."""
    return "\n".join(f"  {remote.url}\n      as {folder / remote.path}" for remote in remotes)


def _fetch(remote: Remote, place: Path, progress: Callable[[int], object]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.part")
    validator = place.with_name(f"{place.name}.part.validator")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _transfer(remote.url, part, validator, progress)
            break
        except _LaterError as later:
            wait, reason = later.seconds, f"the server asks to come back in {later.seconds:.0f} s"
        except _CutError:
            wait, reason = float(attempt), "the connection is cut again and again"
        except HTTPError as error:
            error.close()
            raise DownloadError(f"{remote.url} cannot be downloaded: {error.code} {error.reason}.") from error
        except URLError as error:
            what = getattr(error.reason, "strerror", None) or error.reason
            raise DownloadError(f"{remote.url} cannot be downloaded: {what}.") from error
        if attempt == ATTEMPTS or wait > MOST_WAIT:
            raise DownloadError(f"{remote.url} cannot be downloaded now: {reason}.")
        sleep(wait)
    fault = remote.fault(part)
    validator.unlink(missing_ok=True)
    if fault:
        part.unlink()
        raise DownloadError(f"What came from {remote.url} is not what it should be: {fault}.")
    os.replace(part, place)


def _transfer(url: str, part: Path, validator: Path, progress: Callable[[int], object]) -> None:
    """Write to `part` what is missing of it. Raises _CutError and _LaterError, and what urlopen raises."""
    have = part.stat().st_size if part.exists() and validator.exists() else 0
    headers = {"User-Agent": f"lstmvis/{version('lstmvis')} (corpora for demos)", "Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator.read_text(encoding="utf-8")}
    done = 0
    try:
        with urlopen(Request(url, headers=headers), timeout=TIMEOUT) as response:
            if response.status == 206 and not _goes_on(response.headers, have, headers.get("If-Range", "")):
                part.unlink(missing_ok=True)
                raise _CutError
            if response.status != 206:
                have = 0
                validator.unlink(missing_ok=True)
            done = have
            progress(have)
            with part.open("ab" if have else "wb") as file:
                if not have and (same := _validator(response.headers)):
                    validator.write_text(same, encoding="utf-8")  # now that nothing of another version is there
                while block := _read(response):
                    file.write(block)
                    done += len(block)
                    progress(len(block))
            announced = response.headers.get("Content-Length")
            if announced is not None and done - have < int(announced):
                raise _CutError
    except _CutError:
        progress(-done)
        raise
    except HTTPError as error:
        if error.code == 416:  # there is no more than we have, or it is another file
            error.close()
            part.unlink(missing_ok=True)
            raise _CutError from error
        if error.code in LATER and error.headers.get("Retry-After"):
            error.close()
            raise _LaterError(_seconds(error.headers["Retry-After"])) from error
        raise
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise _CutError from error


def _read(response: http.client.HTTPResponse) -> bytes:
    """The next piece of an answer. Raises _CutError for whatever happens to the connection (TLS has errors too)."""
    try:
        return response.read(BLOCK)
    except (http.client.HTTPException, OSError) as error:
        raise _CutError from error


def _goes_on(headers: Mapping[str, str], have: int, same: str) -> bool:
    """Whether a part that was sent is the one that was asked for, of the same file: some servers skip `If-Range`."""
    return headers.get("Content-Range", "").startswith(f"bytes {have}-") and _validator(headers) in ("", same)


def _validator(headers: Mapping[str, str]) -> str:
    """What tells this version of a file from others: RFC 9110 lets If-Range have a strong ETag, or a date."""
    tag = headers.get("ETag") or ""
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified") or ""


def _seconds(retry_after: str) -> float:
    """Seconds from now, of a number of them or of a date."""
    with contextlib.suppress(ValueError):
        return max(0.0, float(retry_after))
    with contextlib.suppress(ValueError):
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    return 60.0
