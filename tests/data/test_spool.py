from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.errors import FullDiskError
from lstmvis.data.spool import Chains, Spool


@given(
    pieces=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=20),
    cuts=st.lists(st.integers(0, 60), max_size=5),
)
def test_rows_lie_chain_by_chain_wherever_they_are_cut(pieces, cuts):
    chains = Chains()
    numbers = [chains.new() for _ in range(4)]
    rows, expected, total = [], [[] for _ in numbers], 0
    for chain, length in pieces:
        chains.append(chain, length)
        piece = np.arange(total, total + length)
        rows.append(piece)
        expected[chain].extend(piece)
        total += length
    arranged = chains.arranged(np.concatenate(rows))

    ends = sorted({0, total, *(cut for cut in cuts if cut < total)})
    found = [np.asarray(arranged[start:stop]) for start, stop in pairwise(ends)]
    assert np.concatenate([np.zeros(0, int), *found]).tolist() == [row for chain in expected for row in chain]
    assert chains.rows == total
    starts = np.cumsum([0, *(len(chain) for chain in expected if chain)])[:-1]
    assert chains.starts().tolist() == starts.tolist()


def test_what_was_appended_is_read_and_no_file_is_left(tmp_path):
    spool = Spool(tmp_path)
    first, second = np.ones((2, 3), np.float16), np.full((1, 3), 2, np.float16)
    spool.append(first)
    spool.append(second)
    assert np.array_equal(spool.read(), np.concatenate([first, second]))
    assert not list(tmp_path.iterdir())
    spool.close()


def test_rows_that_the_disk_has_no_space_for_are_told_when_they_come(small_disk):
    disk, fill = small_disk
    fill(4)
    spool = Spool(disk)
    rows = np.zeros((100, 5))
    spool.append(rows)
    with pytest.raises(FullDiskError, match=r"^What was recorded cannot be written: No space left on device\."):
        spool.append(rows)
    spool.close()
