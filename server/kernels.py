"""The compiled loops of matching, over rows of bits.

A row says at which steps one cell is on: bit i of word w is step 64 * w + i, and the bits after the last step are 0.
`edges` are the first steps of the sequences and, last, the number of steps: runs end at each.

All of it is plain sequential code; Numba compiles it (on first use, kept on disk) and it runs without Python's lock.
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from lstmvis.data.compiling import compiled

Words = NDArray[np.uint64]
Positions = NDArray[np.int64]
Found = tuple[Positions, Positions, Positions, Positions, Positions, Positions, Positions]

ALL_ON = np.uint64(0xFFFFFFFFFFFFFFFF)
ROOM = 1 << 17  # bytes of codes that are read together
HISTOGRAM_LENGTHS = 201  # lengths 0 to 199, and all from 200 on


def _count_trailing_zeros(context: Any, word: Any) -> Any:
    """The processor's own instruction: how many bits lie below the lowest that is set; 64 for no bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], context.get_constant(types.boolean, False))

    return types.uint64(types.uint64), generate


_trailing_zeros: Any = intrinsic(_count_trailing_zeros)


@compiled
def _next_on(row: Words, start: int, stop: int) -> Any:
    """The first step of start..stop (excluded) that is on, else stop."""
    if start >= stop:
        return stop
    index = start >> 6
    word = row[index] & (ALL_ON << np.uint64(start & 63))
    while word == 0:
        index += 1
        if index << 6 >= stop:
            return stop
        word = row[index]
    found = np.int64(_trailing_zeros(word))
    return min(stop, (index << 6) + found)


@compiled
def _next_off(row: Words, start: int, stop: int) -> Any:
    """The first step of start..stop (excluded) that is off, else stop."""
    if start >= stop:
        return stop
    index = start >> 6
    word = ~row[index] & (ALL_ON << np.uint64(start & 63))
    while word == 0:
        index += 1
        if index << 6 >= stop:
            return stop
        word = ~row[index]
    found = np.int64(_trailing_zeros(word))
    return min(stop, (index << 6) + found)


@compiled
def _runs(
    row: Words,
    edges: Positions,
    before: int,
    after: int,
    start: int,
    stop: int,
    first: Positions,
    last: Positions,
) -> int:
    """Write the runs that touch start..stop (excluded) and fit the constraints; how many there are.

    A run that began before `start` gets the first step start - 1, and only counts where the left end is free.
    """
    sequence = np.searchsorted(edges, start, side="right") - 1
    found = 0
    step = start
    if start > edges[sequence] and _next_on(row, start - 1, start) < start and _next_on(row, start, start + 1) == start:
        step = _next_off(row, start, edges[sequence + 1])
        if before == 0 and _next_on(row, step, min(edges[sequence + 1], step + after)) >= min(
            edges[sequence + 1], step + after
        ):
            first[0], last[0] = start - 1, step - 1
            found = 1
    while True:
        step = _next_on(row, step, stop)
        if step >= stop:
            return found
        while edges[sequence + 1] <= step:
            sequence += 1
        end = _next_off(row, step + 1, edges[sequence + 1])
        low, high = max(edges[sequence], step - before), min(edges[sequence + 1], end + after)
        if _next_on(row, low, step) >= step and _next_on(row, end, high) >= high:
            first[found], last[found] = step, end - 1
            found += 1
        step = end


@compiled
def _free_ends(
    rows: Words, edges: Positions, shortest: int, start: int, stop: int, size: Positions, end: Positions
) -> None:
    """Both ends free. Q(a, b) loses cells and gains none as b grows, and candidates end where a cell of Q does: the
    best is the nearest such end that is far enough."""
    first, last = np.empty(stop - start + 1, np.int64), np.empty(stop - start + 1, np.int64)
    begun = np.zeros(stop - start, np.bool_)  # where a long enough run of a selected cell begins
    for cell in range(len(rows)):
        for run in range(_runs(rows[cell], edges, 0, 0, start, stop, first, last)):
            if first[run] >= start and last[run] - first[run] + 1 >= shortest:
                begun[first[run] - start] = True
    starts = np.flatnonzero(begun) + start
    for cell in range(len(rows)):
        reached = 0
        for run in range(_runs(rows[cell], edges, 0, 0, start, stop, first, last)):
            while reached < len(starts) and starts[reached] < first[run]:
                reached += 1
            while reached < len(starts) and starts[reached] + shortest - 1 <= last[run]:
                at = starts[reached] - start
                size[at] += 1
                end[at] = min(end[at], last[run])
                reached += 1


@compiled
def _free_right(
    rows: Words,
    edges: Positions,
    before: int,
    shortest: int,
    start: int,
    stop: int,
    size: Positions,
    end: Positions,
) -> None:
    """Right end free: as with both ends free, but every cell of Q begins at the start."""
    first, last = np.empty(stop - start + 1, np.int64), np.empty(stop - start + 1, np.int64)
    for cell in range(len(rows)):
        for run in range(_runs(rows[cell], edges, before, 0, start, stop, first, last)):
            if last[run] - first[run] + 1 >= shortest:
                at = first[run] - start
                size[at] += 1
                end[at] = min(end[at], last[run])


@compiled
def _constrained(
    rows: Words,
    edges: Positions,
    before: int,
    after: int,
    shortest: int,
    longest: int,
    start: int,
    stop: int,
    size: Positions,
    end: Positions,
) -> None:
    """Both ends constrained. A cell of Q begins at a and ends at b: the runs that begin at a, grouped by their ends."""
    first, last = np.empty(stop - start + 1, np.int64), np.empty(stop - start + 1, np.int64)
    offsets = np.zeros(stop - start + 1, np.int64)
    for cell in range(len(rows)):
        for run in range(_runs(rows[cell], edges, before, after, start, stop, first, last)):
            if shortest <= last[run] - first[run] + 1 <= longest:
                offsets[first[run] - start + 1] += 1
    for at in range(stop - start):
        offsets[at + 1] += offsets[at]
    ends = np.empty(offsets[-1], np.int64)
    filled = offsets[:-1].copy()
    for cell in range(len(rows)):
        for run in range(_runs(rows[cell], edges, before, after, start, stop, first, last)):
            if shortest <= last[run] - first[run] + 1 <= longest:
                at = first[run] - start
                ends[filled[at]] = last[run]
                filled[at] += 1
    for at in range(stop - start):
        count = 0
        for place in range(offsets[at], offsets[at + 1]):  # sorted by insertion: most groups are small
            ending, other = ends[place], place
            while other > offsets[at] and ends[other - 1] > ending:
                ends[other] = ends[other - 1]
                other -= 1
            ends[other] = ending
        for place in range(offsets[at], offsets[at + 1]):
            count = count + 1 if place > offsets[at] and ends[place] == ends[place - 1] else 1
            if count >= size[at]:  # of groups as large, the one that ends later
                size[at], end[at] = count, ends[place]


@compiled
def _constrained_right(
    rows: Words,
    edges: Positions,
    after: int,
    shortest: int,
    longest: int,
    start: int,
    stop: int,
    size: Positions,
    end: Positions,
) -> None:
    """Right end constrained. Candidates are runs that begin at a; Q are all the cells whose run ends where it does."""
    most = (stop - start) // 2 + 2 + np.searchsorted(edges, stop) - np.searchsorted(edges, start)
    first, last = np.empty((len(rows), most), np.int64), np.empty((len(rows), most), np.int64)
    number = np.empty(len(rows), np.int64)
    begun = np.zeros(stop - start, np.bool_)
    for cell in range(len(rows)):
        number[cell] = _runs(rows[cell], edges, 0, after, start, stop, first[cell], last[cell])
        for run in range(number[cell]):
            if first[cell, run] >= start and shortest <= last[cell, run] - first[cell, run] + 1 <= longest:
                begun[first[cell, run] - start] = True
    current = np.zeros(len(rows), np.int64)  # each cell's run that ends at the step or later
    ends, begins = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    for step in np.flatnonzero(begun) + start:
        at = step - start
        on, new = 0, 0
        for cell in range(len(rows)):
            while current[cell] < number[cell] and last[cell, current[cell]] < step:
                current[cell] += 1
            run = current[cell]
            if run < number[cell] and first[cell, run] <= step:
                ends[on] = last[cell, run]
                on += 1
                if first[cell, run] == step and shortest <= last[cell, run] - step + 1 <= longest:
                    begins[new] = last[cell, run]
                    new += 1
        sharing = np.sort(ends[:on])
        for ending in begins[:new]:
            count = np.searchsorted(sharing, ending, side="right") - np.searchsorted(sharing, ending)
            if count > size[at] or (count == size[at] and ending > end[at]):
                size[at], end[at] = count, ending


@compiled
def _tally(
    size: Positions,
    end: Positions,
    begin: int,
    steps: int,
    longest: int,
    shown_from: int,
    shown_to: int,
    counts: Positions,
    fuzzy: Positions,
    strict: Positions,
) -> Positions:
    """Add a block's matches to the figures; forget those that are not shown, and give how many are, by |Q|."""
    cells = len(counts) - 1
    shown = np.zeros(cells + 1, np.int64)
    for at in range(steps):
        if size[at] == 0:
            continue
        length = end[at] - begin - at + 1
        if length > longest:
            size[at] = 0
            continue
        counts[size[at]] += 1
        fuzzy[min(length, HISTOGRAM_LENGTHS - 1)] += 1
        if size[at] == cells:
            strict[min(length, HISTOGRAM_LENGTHS - 1)] += 1
        if shown_from <= length <= shown_to:
            shown[size[at]] += 1
        else:
            size[at] = 0
    return shown


@compiled
def _collect(
    size: Positions,
    end: Positions,
    begin: int,
    steps: int,
    least: int,
    first: Positions,
    last: Positions,
    selected: Positions,
    kept: int,
) -> int:
    for at in range(steps):
        if size[at] >= least:
            first[kept], last[kept], selected[kept] = begin + at, end[at], size[at]
            kept += 1
    return kept


@compiled
def _longer(values: Positions, wanted: int) -> Positions:
    room = np.empty(max(wanted, 2 * len(values)), np.int64)
    room[: len(values)] = values
    return room


@compiled
def find_in_span(
    rows: Words,
    edges: Positions,
    before: int,
    after: int,
    shortest: int,
    longest: int,
    shown_from: int,
    shown_to: int,
    limit: int,
    start: int,
    stop: int,
    block: int,
) -> Found:
    """The matches that begin in start..stop (excluded), `block` steps at a time.

    `rows` are those of the selected cells, at least one: |K| x words. Lengths allowed are shortest..longest; with a
    free right end only `longest` equal to `shortest` narrows them. Gives `counts` (|K| + 1,): all matches by |Q|;
    `shown`: of them those with lengths shown_from..shown_to; the fuzzy and strict length histograms; and first, last
    and |Q|, by position, of every shown match that fewer than `limit` others of the span surpass in |Q|, and of some
    more.
    """
    cells = len(rows)
    counts, shown = np.zeros(cells + 1, np.int64), np.zeros(cells + 1, np.int64)
    fuzzy, strict = np.zeros(HISTOGRAM_LENGTHS, np.int64), np.zeros(HISTOGRAM_LENGTHS, np.int64)
    kept = 0
    first, last, selected = np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty(1024, np.int64)
    size, end = np.empty(block, np.int64), np.empty(block, np.int64)
    far = edges[-1]
    for begin in range(start, stop, block):
        steps = min(block, stop - begin)
        size[:] = 0
        if after == 0:
            end[:] = far
            if before == 0:
                _free_ends(rows, edges, shortest, begin, begin + steps, size, end)
            else:
                _free_right(rows, edges, before, shortest, begin, begin + steps, size, end)
        else:
            end[:] = -1
            if before == 0:
                _constrained_right(rows, edges, after, shortest, longest, begin, begin + steps, size, end)
            else:
                _constrained(rows, edges, before, after, shortest, longest, begin, begin + steps, size, end)
        shown_here = _tally(size, end, begin, steps, longest, shown_from, shown_to, counts, fuzzy, strict)
        shown += shown_here
        least, better = cells, shown[cells]
        while least > 1 and better < limit:
            least -= 1
            better += shown[least]
        wanted = kept + int(np.sum(shown_here[least:]))
        if wanted > len(first):
            first, last, selected = _longer(first, wanted), _longer(last, wanted), _longer(selected, wanted)
        kept = _collect(size, end, begin, steps, least, first, last, selected, kept)
    return counts, shown, fuzzy, strict, first[:kept], last[:kept], selected[:kept]


@compiled
def encode(values: Any, low: Any, scale: Any) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Codes of states, steps x cells: cells x steps of uint16, and steps x cells of their upper halves."""
    steps, cells = values.shape
    codes, upper = np.empty((cells, steps), np.uint16), np.empty((steps, cells), np.uint8)
    tile = 64  # so that rows and columns of codes stay near the processor
    for step in range(0, steps, tile):
        for cell in range(0, cells, tile):
            for t in range(step, min(step + tile, steps)):
                for c in range(cell, min(cell + tile, cells)):
                    scaled = (values[t, c] - low) * scale
                    code = np.uint16(0)
                    if scaled < 0:
                        code = np.uint16(1)
                    elif scaled >= 65534:
                        code = np.uint16(65535)
                    elif scaled >= 0:  # false for NaN, which keeps 0
                        code = np.uint16(1 + np.int32(scaled))
                    codes[c, t] = code
                    upper[t, c] = code >> 8
    return codes, upper


@compiled
def _keep_at_least(fits: NDArray[np.uint8], row: Any, cut: Any, wanted: Any) -> None:
    for cell in range(len(fits)):
        fits[cell] &= np.uint8(row[cell] >= cut) == wanted


@compiled
def _keep_at_most(fits: NDArray[np.uint8], row: Any, cut: Any, wanted: Any) -> None:
    for cell in range(len(fits)):
        fits[cell] &= np.uint8(row[cell] <= cut) == wanted


@compiled
def count_fitting(
    values: Any,
    cut: Any,
    negative_cut: Any,
    both: bool,
    counts: Positions,
    first: Positions,
    last: Positions,
    left: Positions,
    right: Positions,
) -> None:
    """How many cells are on at all of first..last and off at the rest of left..right, for each range.

    `values` (steps x cells) are the stored states and the cuts numbers of their type; NaN is off.
    """
    fits = np.empty(values.shape[1], np.uint8)
    for at in range(len(first)):
        fits[:] = 1
        for step in range(left[at], right[at] + 1):
            _keep_at_least(fits, values[step], cut, np.uint8(first[at] <= step <= last[at]))
        counts[at] = fits.sum()
        if both:
            fits[:] = 1
            for step in range(left[at], right[at] + 1):
                _keep_at_most(fits, values[step], negative_cut, np.uint8(first[at] <= step <= last[at]))
            counts[at] += fits.sum()


@compiled
def _lower(least: NDArray[np.uint8], row: NDArray[np.uint8]) -> None:
    for cell in range(len(least)):
        code, so_far = row[cell], least[cell]
        least[cell] = code if code < so_far else so_far


@compiled
def _raise(most: NDArray[np.uint8], row: NDArray[np.uint8]) -> None:
    for cell in range(len(most)):
        code, so_far = row[cell], most[cell]
        most[cell] = code if code > so_far else so_far


# ssize_t pread(int descriptor, void *room, size_t size, off_t place)
_pread: Any = types.ExternalFunction("pread", types.intp(types.int32, types.intp, types.uintp, types.int64))


@compiled
def _read(descriptor: int, place: int, room: NDArray[np.uint8]) -> bool:
    """Fill `room` with what a file has from `place` on; whether that could be done."""
    address, size = room.ctypes.data, room.size
    while size > 0:
        count = _pread(descriptor, address, size, place)
        if count <= 0:
            return False
        address, size, place = address + count, size - count, place + count
    return True


@compiled
def bound_fitting(
    descriptor: int,
    offset: int,
    cells: int,
    level: int,
    negative_level: int,
    both: bool,
    first: Positions,
    last: Positions,
    left: Positions,
    right: Positions,
    lower: Positions,
    upper: Positions,
) -> int:
    """Bounds on how many cells are on at all of first..last and off at the rest of left..right, for each range.

    The file of the `descriptor` holds the upper halves of codes (steps x cells of uint8), from `offset` on; `level` and
    `negative_level` are those of the cuts, at which a cell may be either on or off. Gives how many ranges were bounded:
    fewer than there are where the next one's codes cannot be read. They are read here, one range at a time, because
    threads that come back to Python for each have to wait for each other.
    """
    room = np.empty((max(1, ROOM // cells), cells), np.uint8)
    least_on, most_on = np.empty(cells, np.uint8), np.empty(cells, np.uint8)
    least_off, most_off = np.empty(cells, np.uint8), np.empty(cells, np.uint8)
    for at in range(len(first)):
        least_on[:], most_off[:] = 255, 0
        most_on[:], least_off[:] = 0, 255
        for start in range(left[at], right[at] + 1, len(room)):
            stop = min(start + len(room), right[at] + 1)
            if not _read(descriptor, offset + start * cells, room[: stop - start]):
                return at
            for step in range(start, stop):
                codes = room[step - start]
                if first[at] <= step <= last[at]:
                    _lower(least_on, codes)
                    if both:
                        _raise(most_on, codes)
                else:
                    _raise(most_off, codes)
                    if both:
                        _lower(least_off, codes)
        low, high = 0, 0
        for cell in range(cells):
            low += (least_on[cell] > level) & (most_off[cell] < level)
            high += (least_on[cell] >= level) & (most_off[cell] <= level)
        if both:  # an upper half of 0 may be NaN, which is off
            for cell in range(cells):
                low += (least_on[cell] > 0) & (most_on[cell] < negative_level) & (least_off[cell] > negative_level)
                high += (most_on[cell] <= negative_level) & (
                    (least_off[cell] >= negative_level) | (least_off[cell] == 0)
                )
        lower[at], upper[at] = low, high
    return len(first)
