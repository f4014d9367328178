import os
import shutil

import h5py
import numpy as np
import pytest

from lstmvis.data import matrix
from lstmvis.data.errors import ProjectError
from lstmvis.data.matrix import as_integers, open_hdf5, open_matrix

VALUES = np.array([[1.5, -2, 3], [4, 0, -6], [7, 8.25, 9], [-1, 2, 5]])
SLICES = [(0, 4), (1, 3), (2, 2), (3, 1), (-5, 2), (2, 99), (-9, -3), (10, 12), (-(10**400), 10**400)]


@pytest.fixture
def store(tmp_path):
    """Write an array at `group/x`, in the layout that the keywords name, and open it."""

    def write_and_open(values, userblock=0, **layout):
        with h5py.File(tmp_path / "file.hdf5", "w", userblock_size=userblock) as file:
            file.create_dataset("group/x", data=values, **layout)
        return open_matrix(open_hdf5(tmp_path / "file.hdf5"), "group/x")

    return write_and_open


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", ">f8", "i1", "u2", ">i4", "i8", "?"])
@pytest.mark.parametrize(
    ("layout", "contiguous"),
    [
        ({}, True),
        ({"userblock": 512}, True),
        ({"chunks": (2, 2)}, False),
        ({"chunks": True, "compression": "gzip", "shuffle": True}, False),
        ({"maxshape": (None, 3)}, False),
    ],
)
def test_every_type_and_layout_gives_the_same_slices(store, dtype, layout, contiguous):
    values = VALUES.astype(dtype)
    found = store(values, **layout)
    assert found.contiguous is contiguous
    assert (found.shape, len(found), found.dtype) == ((4, 3), 4, np.dtype(dtype))
    for start, stop in SLICES:
        expected = values[max(start, 0) : max(stop, 0)]
        np.testing.assert_array_equal(found.rows(start, stop), expected, strict=True)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (4, 0)])
def test_an_array_without_values_opens(store, shape):
    found = store(np.zeros(shape, "f4"))
    assert found.shape == shape
    assert found.rows(0, 10).shape == shape


def test_a_dataset_that_was_never_written_reads_as_zeros(tmp_path):
    with h5py.File(tmp_path / "file.hdf5", "w") as file:
        file.create_dataset("x", (3, 2), "f4")
    assert open_matrix(open_hdf5(tmp_path / "file.hdf5"), "x").rows(0, 3).tolist() == [[0, 0]] * 3


def external(file, place):
    VALUES.tofile(place / "raw")
    file.create_dataset("x", VALUES.shape, "f8", external=[(str(place / "raw"), 0, VALUES.nbytes)])


def virtual(file, place):
    with h5py.File(place / "other.hdf5", "w") as other:
        other["x"] = VALUES
    layout = h5py.VirtualLayout(VALUES.shape, "f8")
    layout[:] = h5py.VirtualSource(place / "other.hdf5", "x", VALUES.shape)
    file.create_virtual_dataset("x", layout)


@pytest.mark.parametrize(("make", "what"), [(external, "external storage"), (virtual, "a virtual dataset")])
def test_values_that_come_from_other_files_are_refused(tmp_path, make, what):
    with h5py.File(tmp_path / "file.hdf5", "w") as file:
        make(file, tmp_path)
    with pytest.raises(ProjectError) as caught:
        open_matrix(open_hdf5(tmp_path / "file.hdf5"), "x")
    assert str(caught.value) == (
        f"'x' in file.hdf5 must hold its values itself; as {what} it takes them from elsewhere."
    )


@pytest.mark.parametrize("layout", [{}, {"chunks": (2, 2)}])
@pytest.mark.parametrize("kind", ["written", "replaced", "removed"])
def test_a_matrix_knows_when_its_file_is_no_longer_the_one_it_was(store, tmp_path, layout, kind):
    found = store(VALUES, **layout)
    path = tmp_path / "file.hdf5"
    assert not found.changed
    if kind == "written":
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    elif kind == "replaced":
        shutil.copy2(path, tmp_path / "copy")
        (tmp_path / "copy").replace(path)
    else:
        path.unlink()
    assert found.changed


def test_a_file_that_is_replaced_while_it_is_opened_counts_as_changed(store, tmp_path):
    store(VALUES)
    file = open_hdf5(tmp_path / "file.hdf5")
    shutil.copy2(tmp_path / "file.hdf5", tmp_path / "copy")
    (tmp_path / "copy").replace(tmp_path / "file.hdf5")
    assert open_matrix(file, "group/x").changed


@pytest.mark.parametrize("layout", [{}, {"chunks": (2, 2)}])
def test_entries_in_any_order_are_taken_and_ranges_are_gathered_with_each_entry_once(store, layout, monkeypatch):
    monkeypatch.setattr(matrix, "NEAR", 2)
    monkeypatch.setattr(matrix, "NEAR_BYTES", 16)
    values = np.arange(100.0)[:, None] * [1, 10]
    found = store(values, **layout)
    indices = np.array([7, 3, 3, 99, 0, 8, 40])
    np.testing.assert_array_equal(found.take(indices), values[indices])
    assert found.take(indices[:0]).shape == (0, 2)
    starts, stops = np.array([1, 2, 20, 50]), np.array([9, 4, 22, 51])
    rows, places = found.gather(starts, stops)
    assert len(rows) == 8 + 2 + 1
    for start, stop, place in zip(starts, stops, places, strict=True):
        np.testing.assert_array_equal(rows[place : place + stop - start], values[start:stop])


@pytest.mark.parametrize("layout", [{}, {"chunks": (2, 2)}])
@pytest.mark.parametrize("few", [0, 1 << 60], ids=["one by one", "in rows"])
def test_a_column_is_read_at_few_places_and_at_many(store, layout, few, monkeypatch):
    monkeypatch.setattr(matrix, "FEW", few)
    monkeypatch.setattr(matrix, "COLUMN_BYTES", 100)
    values = np.arange(100.0)[:, None] * [1, 10]
    indices = np.array([0, 1, 2, 30, 98, 99])
    np.testing.assert_array_equal(store(values, **layout).column(indices, 1), values[indices, 1])


@pytest.mark.parametrize("layout", [{}, {"chunks": (10, 10)}], ids=["contiguous", "chunked"])
def test_a_file_that_is_cut_off_while_it_is_open_is_told_wherever_it_is_read(store, tmp_path, layout):
    found = store(np.ones((1000, 10)), **layout)
    os.truncate(tmp_path / "file.hdf5", 20_000)
    assert found.changed
    for read in (
        lambda: found.rows(0, 1000),
        lambda: found.take(np.array([3, 999])),
        lambda: found.column(np.array([999]), 1),
        lambda: found.gather(np.array([0, 990]), np.array([1, 1000])),
    ):
        with pytest.raises(ProjectError, match=r"^(file.hdf5 is cut off: |'group/x' in file.hdf5 cannot be read: )"):
            read()


def test_what_was_let_go_of_says_so_where_hdf5_reads_it_and_is_read_on_where_it_does_not(store):
    found = store(VALUES, chunks=(2, 2))
    found.close()
    with pytest.raises(ProjectError, match=r"^'group/x' in file.hdf5 has changed; ask again\.$"):
        found.rows(0, 4)
    found = store(VALUES)
    found.close()
    assert found.rows(0, 4).tolist() == VALUES.tolist()


def test_as_many_arrays_as_one_likes_take_one_descriptor_a_file(tmp_path):
    with h5py.File(tmp_path / "file.hdf5", "w") as file:
        for number in range(50):
            file[f"x{number}"] = VALUES
    descriptors = len(os.listdir("/dev/fd"))
    with open_hdf5(tmp_path / "file.hdf5") as file:
        found = [open_matrix(file, f"x{number}") for number in range(50)]
    assert len(os.listdir("/dev/fd")) == descriptors + 1
    assert all(each.rows(0, 9).tolist() == VALUES.tolist() for each in found)
    found.clear()
    assert len(os.listdir("/dev/fd")) == descriptors


@pytest.mark.parametrize("dtype", ["f4", "f8", "u1", "i8"])
def test_ids_of_any_type_are_integers(store, dtype):
    ids = store(np.array([3, 1, 2], dtype)).integers(0, 9)
    assert ids.dtype == np.int64
    assert ids.tolist() == [3, 1, 2]


def test_ids_that_are_no_numbers_are_minus_one(store):
    assert store(np.array([3, np.nan, np.inf, -np.inf])).integers(1, 4).tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (5.0, r"float64 \(\)"),
        (np.zeros((2, 2, 2)), r"float64 \(2, 2, 2\)"),
        (np.array([b"a", b"b"]), r"\|S1 \(2,\)"),
        (np.array([1j]), r"complex128 \(1,\)"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(store, values, what):
    with pytest.raises(ProjectError, match=f"^'group/x' in file.hdf5 must be an array of numbers .* it is {what}"):
        store(values)


@pytest.mark.parametrize("path", ["group", "group/y", "y", "", "group/x/z", "/", ".."])
def test_a_path_that_is_not_there_is_refused_with_those_that_are(store, tmp_path, path):
    store(VALUES)
    with pytest.raises(ProjectError, match=r"There is no '.*' in file.hdf5; it holds 'group/x'|cannot be read"):
        open_matrix(open_hdf5(tmp_path / "file.hdf5"), path)


def test_of_many_paths_only_some_are_listed(tmp_path):
    with h5py.File(tmp_path / "file.hdf5", "w") as file:
        for number in range(30):
            file[f"x{number:02}"] = [1]
    with pytest.raises(ProjectError) as caught:
        open_matrix(open_hdf5(tmp_path / "file.hdf5"), "y")
    assert str(caught.value).endswith("'x18', 'x19' and more.")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ProjectError, match=r"^The file none.hdf5 is missing\.$"):
        open_hdf5(tmp_path / "none.hdf5")


@pytest.mark.parametrize("content", [b"", b"not HDF5", b"\x89HDF\r\n\x1a\n"])
def test_a_file_that_is_not_hdf5_is_named(tmp_path, content):
    (tmp_path / "x.hdf5").write_bytes(content)
    with pytest.raises(ProjectError, match=r"^x.hdf5 cannot be read as HDF5: "):
        open_hdf5(tmp_path / "x.hdf5")


@pytest.mark.parametrize("layout", [{}, {"chunks": (10, 10), "compression": "gzip"}])
def test_a_file_that_was_cut_off_is_refused(store, tmp_path, layout):
    store(np.random.default_rng(1).random((1000, 10)), **layout)
    path = tmp_path / "file.hdf5"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ProjectError, match=r"^file.hdf5 (cannot be read as HDF5: .*truncated|is cut off)"):
        open_matrix(open_hdf5(path), "group/x")


def test_data_beyond_the_end_of_their_file_are_refused(store, tmp_path):
    found = store(np.ones((1000, 10)))
    path = tmp_path / "file.hdf5"
    file = open_hdf5(path)  # while it is whole: HDF5 itself refuses to open less
    with path.open("r+b") as raw:
        raw.truncate(3000)
    with pytest.raises(ProjectError, match=r"^file.hdf5 is cut off: it ends before the data of /group/x do"):
        open_matrix(file, "group/x")
    assert found.shape == (1000, 10)


def test_a_damaged_piece_of_a_compressed_array_is_refused_when_it_is_read(store, tmp_path):
    found = store(np.arange(4000.0).reshape(1000, 4), chunks=(500, 4), compression="gzip")
    path = tmp_path / "file.hdf5"
    with h5py.File(path) as file:
        chunk = file["group/x"].id.get_chunk_info(1)
    with path.open("r+b") as raw:
        raw.seek(chunk.byte_offset)
        raw.write(b"\xff" * 50)
    assert found.rows(0, 500)[1].tolist() == [4, 5, 6, 7]
    with pytest.raises(ProjectError, match=r"^'group/x' in file.hdf5 cannot be read: "):
        found.rows(600, 700)


def test_what_no_id_can_be_is_minus_one():
    assert as_integers(np.array([2.0, np.nan, np.inf, -np.inf, 1e300, 2.0**63])).tolist() == [2, -1, -1, -1, -1, -1]
