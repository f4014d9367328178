import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.amending import set_opening
from lstmvis.data.errors import ProjectError
from lstmvis.data.opening import View, read_view, without_project
from lstmvis.data.project import Project
from tests.project_directory import write_small_project

ADDRESS = "source=states::s&pos=2&threshold=0.3&range=4,6&off=1,0"
integers = st.integers(0, 10**9)
pairs = st.tuples(integers, integers).map(sorted).map(tuple)
several = st.lists(integers, max_size=4).map(tuple)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@given(
    st.builds(
        View,
        source=st.just("") | names,
        pos=integers,
        threshold=st.floats(0.001, 100) | st.just(0.0),
        range=st.none() | pairs,
        constraints=st.tuples(integers, integers),
        cells=st.none() | several,
        added=several,
        dropped=several,
        length_rule=st.sampled_from(["any", "same", "atLeast"]),
        lengths=st.none() | pairs.filter(lambda pair: pair[0] > 0),
        tracks=st.none() | st.lists(names, max_size=3, unique=True).map(tuple),
        colour=st.sampled_from(["cell_count", "", "meta_a b&c"]),
    )
)
def test_an_address_brings_its_view_back(view):
    assert read_view(view.address) == view
    assert without_project(f"http://127.0.0.1:8888/?project=p&{view.address}") == without_project(view.address)


@pytest.mark.parametrize(
    "address",
    [
        "pos=-1&threshold=x&range=5,2&off=1&sides=left&cells=1,,2&length=long&lengths=0,3",
        "pos=1.5&threshold=&range=1,2,3&lengths=4&add=-1&unheard=of",
        "threshold=nan&pos=1,2&off=",
    ],
)
def test_what_cannot_be_read_is_taken_as_left_out_as_on_the_page(address):
    assert read_view(address) == read_view("") == View("", 0, 0.3, None)


def test_both_sides_need_a_threshold_above_0():
    assert read_view("sides=both").sides == "both"
    assert read_view("sides=both&threshold=0").sides == "positive"


@pytest.mark.parametrize(
    "written",
    [
        ADDRESS,
        f"?project=x&{ADDRESS}",
        f"http://127.0.0.1:8888/?{ADDRESS}&project=x",
        "project=x&source=states%3A%3As&pos=2&threshold=0.3&range=4%2C6&off=1%2C0",
    ],
)
def test_a_project_opens_with_whatever_part_of_the_address_was_copied(tmp_path, written):
    project = Project(write_small_project(tmp_path / "p", np.zeros((9, 2), "f4"), opening=written))
    assert project.opening == ADDRESS
    assert project.describe()["opening"] == ADDRESS
    assert project.problems == []


def test_a_project_without_one_says_nothing_of_it(tmp_path):
    project = Project(write_small_project(tmp_path / "p"))
    assert project.opening is None
    assert "opening" not in project.describe()


@pytest.mark.parametrize("written", [3, 0, True, "", "  ", "layer1", ["a=b"], {"pos": 3}, "?project=x"])
def test_anything_else_is_a_problem_and_the_rest_is_usable(tmp_path, written):
    project = Project(write_small_project(tmp_path / "p", opening=written))
    assert project.opening is None
    assert len(project.sources) == 1
    (problem,) = project.found_wrong
    assert problem.what == f"lstm.yml: `opening` must be the address of a view, not {written!r:.60}."
    assert "copy what the address bar holds" in problem.change


def test_it_is_written_into_a_project_and_the_rest_of_its_configuration_stays(tmp_path):
    directory = write_small_project(tmp_path / "p", np.zeros((9, 2), "f4"), description="what it is")
    config = directory / "lstm.yml"
    before = "# mine\n" + config.read_text()
    config.write_text(before)
    set_opening(directory, "pos=5")
    set_opening(directory, ADDRESS)
    assert Project(directory).opening == ADDRESS
    (line,) = [line for line in config.read_text().splitlines(keepends=True) if "opening" in line]
    assert config.read_text().replace(line, "") == before
    assert sorted(path.name for path in directory.iterdir()) == ["lstm.yml", "states.hdf5"]


def test_a_configuration_in_which_it_has_no_place_is_left_as_it_is(tmp_path):
    directory = write_small_project(tmp_path / "p")
    config = directory / "lstm.yml"
    before = f"name: &name mine\nopening: *name\n{config.read_text()}"
    config.write_text(before)
    with pytest.raises(ProjectError, match="cannot be changed without writing all of it anew"):
        set_opening(directory, ADDRESS)
    assert config.read_text() == before
