"""Building the match indexes of what is served, one after the other in the background."""

import logging
import queue
import threading
from contextlib import ExitStack
from typing import Any
from weakref import WeakKeyDictionary

from tqdm import tqdm

from lstmvis.data.project import Project, Source
from lstmvis.server.errors import IndexNotReadyError
from lstmvis.server.index import StateIndex, build_index, open_index

log = logging.getLogger(__name__)

SCANNED_VALUES = 50_000_000  # states of a source that is still searched without an index
LEAST_VALUES = 2_000_000  # states of a source that is worth one
STOPPING_S = 5.0  # that a build is waited for which has been told to stop


class _NotWantedError(Exception):
    """Nobody will use the index that is being built."""


class Indexer:
    """The indexes of sources, and how far those are that are being built."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[Project, Source] | None] = queue.SimpleQueue()
        self._indexes: WeakKeyDictionary[Source, StateIndex] = WeakKeyDictionary()
        self._progress: WeakKeyDictionary[Source, float] = WeakKeyDictionary()
        self._failures: WeakKeyDictionary[Source, str] = WeakKeyDictionary()
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def want(self, project: Project) -> None:
        """Open the indexes of the project's larger sources, and see to it that those it lacks are built."""
        for source in project.sources.values():
            if source.steps * source.cells < LEAST_VALUES:
                continue
            if index := open_index(project.directory, source):
                self._indexes[source] = index
                continue
            self._enqueue(project, source)

    def find(self, project: Project, source: Source) -> StateIndex | None:
        """The index, or None where the source is searched without. Raises IndexNotReadyError where that would take
        too long while the index is being built."""
        progress = self._progress.get(source)  # before the index: what is built meanwhile must not be missed
        index = self._indexes.get(source)
        if index and index.damaged:
            with self._lock:
                if self._indexes.get(source) is index:
                    del self._indexes[source]
                    self._enqueue(project, source)
            return self.find(project, source)
        if index is None and progress is not None and source.steps * source.cells > SCANNED_VALUES:
            raise IndexNotReadyError(source.id, progress)
        return index

    def progress(self, source: Source) -> float | None:
        """How much of the source's index has been built, 0 to 1; None where none is being built."""
        return self._progress.get(source)

    def failure(self, source: Source) -> str | None:
        """Why the source has no index although it should; None where nothing went wrong."""
        return self._failures.get(source)

    @property
    def building(self) -> int:
        """How many sources have an index that is being built, or is to be."""
        return len(self._progress)

    def stop(self) -> None:
        """Give up what is being built, and leave nothing of it behind. No index is built from now on."""
        self._stopping = True
        self._queue.put(None)
        if self._thread:
            self._thread.join(STOPPING_S)

    def _enqueue(self, project: Project, source: Source) -> None:
        self._progress[source] = 0.0
        self._queue.put((project, source))
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._build_all, name="indexing", daemon=True)
                self._thread.start()

    def _build_all(self) -> None:
        while wanted := self._queue.get():
            if not self._stopping:
                self._build(*wanted)
            del wanted  # while waiting, keep nothing alive

    def _build(self, project: Project, source: Source) -> None:
        if source.states.changed:  # and so has been opened anew, and stands in the queue again
            self._progress.pop(source, None)
            return
        with ExitStack() as opened:
            bars: list[tqdm[Any]] = []

            def waiting(share: float) -> None:
                self._progress[source] = share
                if self._stopping or source.states.changed:
                    raise _NotWantedError

            def progress(share: float) -> None:
                waiting(share)
                if not bars:  # not before: of several processes only the one that builds it shows how far that is
                    name = f"Indexing {project.directory.name} {source.id}"
                    bars.append(opened.enter_context(tqdm(total=100, desc=name, unit="%", disable=None)))
                bars[0].update(int(100 * share) - bars[0].n)

            try:
                # The project may have been opened again while its index was being built, and have asked for it twice.
                built = open_index(project.directory, source)
                self._indexes[source] = built or build_index(project.directory, source, progress, waiting)
            except _NotWantedError:
                pass
            except Exception as error:  # whatever it is, the source is searched without, and the next one built
                self._failures[source] = f"The match index could not be built: {error}"
                log.warning("%s %s: %s", project.directory.name, source.id, self._failures[source])
            finally:
                self._progress.pop(source, None)
