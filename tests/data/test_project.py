import json
import time

import h5py
import numpy as np
import pytest

from lstmvis.data.errors import ProjectError
from lstmvis.data.project import Project, is_project
from tests.project_directory import write_directory, write_small_project

LABELS = "NOUN 0\nVERB 1\n"


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "corpus"


def annotate(directory, values, labels=LABELS, **meta):
    """A project with the annotation `a` over `values`, described by `meta`."""
    arrays = {"s.h5": {"s": np.zeros((4, 2), "f4")}, "m.h5": {"v": values}, "i.h5": {"w": [1, 0, 9, 1]}}
    config = {
        "files": {"s": "s.h5", "m": "m.h5", "i": "i.h5", "labels": "labels.dict"},
        "states": {"file": "s", "types": [{"path": "s"}]},
        "word_sequence": {"file": "i", "path": "w"},
        "meta": {"a": {"file": "m", "path": "v", **meta}},
    }
    return Project(write_directory(directory, config, arrays, {"labels.dict": labels}))


def test_a_whole_project_opens(directory):
    states = np.arange(6, dtype="f4").reshape(3, 2)
    config = """
        name: children books
        description: texts
        files: {states: s.hdf5, other: sub/o.h5, train: train.hdf5, words: words.dict}
        word_sequence: {file: train, path: word_ids, dict_file: words}
        states:
          file: states
          types:
            - {type: state, layer: 1, path: a/states1}
            - {type: output, layer: 2, path: o, file: other, unsigned: true, transform: none}
        sequences: {file: train, path: starts}
        meta:
          loss: {file: other, path: loss, vis: {type: scalar, range: [0, 12]}}
        etc: {regex_search: true, mine: 3}
    """
    (directory / "sub").mkdir(parents=True)
    arrays = {
        "s.hdf5": {"a/states1": states},
        "sub/o.h5": {"o": -states[:2], "loss": [0.5, 1, 2]},
        "train.hdf5": {"word_ids": [2, 1, 2, 1, 1], "starts": [0, 2]},
    }
    project = Project(write_directory(directory, config, arrays, {"words.dict": "the 1\ncat 2\n"}))

    assert project.problems == []
    assert list(project.sources) == ["states::a/states1", "other::o"]
    assert project.sources["states::a/states1"].states.rows(0, 3).tolist() == states.tolist()
    assert project.words.decode(project.words.ids.integers(0, 3)) == ["cat", "the", "cat"]
    assert project.sequence_starts.tolist() == [0, 2]
    assert project.steps == 3
    assert project.describe() == {
        "name": "children books",
        "description": "texts",
        "index": True,
        "is_searchable": True,
        "files": {"states": "s.hdf5", "other": "sub/o.h5", "train": "train.hdf5", "words": "words.dict"},
        "word_sequence": {
            "file": "train",
            "path": "word_ids",
            "dict_file": "words",
            "size": [5],
            "dict_size": 2,
        },
        "word_embedding": {"size": [-1, -1]},
        "states": {
            "types": [
                {
                    "layer": 1,
                    "type": "state",
                    "file": "states",
                    "path": "a/states1",
                    "size": [3, 2],
                    "unsigned": False,
                    "transform": "tanh",
                },
                {
                    "layer": 2,
                    "type": "output",
                    "file": "other",
                    "path": "o",
                    "size": [2, 2],
                    "unsigned": True,
                    "transform": "none",
                },
            ]
        },
        "meta": {
            "loss": {
                "file": "other",
                "path": "loss",
                "type": "general",
                "index": "self",
                "vis": {"type": "scalar", "range": [0, 12]},
            }
        },
        "etc": {"regex_search": True, "mine": 3},
    }


def test_a_project_without_tokens_or_names_has_defaults(directory):
    described = Project(write_small_project(directory)).describe()
    assert described["name"] == described["description"] == "corpus"
    assert described["index"] is described["is_searchable"] is False
    assert described["word_sequence"] == {"size": [3], "dict_size": 0}
    assert described["meta"] == []
    assert described["etc"] == {"regex_search": False}
    assert "error" not in described


def test_without_a_dictionary_tokens_are_their_ids(directory):
    arrays = {"s.h5": {"s": np.zeros((2, 1)), "w": [4.0, 7.0]}}
    config = {
        "files": {"s": "s.h5"},
        "states": {"types": [{"path": "s", "file": "s"}]},
        "word_sequence": {"file": "s", "path": "w"},
    }
    project = Project(write_directory(directory, config, arrays))
    assert project.words.decode(project.words.ids.integers(0, 2)) == ["4", "7"]
    assert project.describe()["is_searchable"] is False


@pytest.mark.parametrize(
    ("values", "meta", "vis"),
    [
        ([1, 0, 1, 0], {"dict": "labels"}, {"type": "discrete", "range": list(range(100))}),
        (
            [1, 0, 1, 0],
            {"dict": "labels", "vis": {"type": "discrete", "range": "dict"}},
            {"type": "discrete", "range": ["NOUN", "VERB"]},
        ),
        (
            [1, 0, 1, 0],
            {"vis": {"type": "discrete", "range": ["b", "a"]}},
            {"type": "discrete", "range": ["b", "a"]},
        ),
        ([1, 0], {"vis": {"type": "discrete", "range": "-1...2"}}, {"type": "discrete", "range": [-1, 0, 1]}),
        ([1, 0], {"vis": {"type": "discrete"}}, {"type": "discrete", "range": list(range(100))}),
        ([0.5, 2], {}, {"type": "scalar", "range": [0.5, 2]}),
        ([0.5, np.nan, np.inf, -3], {"vis": {"type": "scalar"}}, {"type": "scalar", "range": [-3, 0.5]}),
        ([np.nan], {"vis": {"type": "scalar"}}, {"type": "scalar", "range": [0, 1]}),
        ([1, 2], {"vis": {"type": "scalar", "range": [-1, 1.5]}}, {"type": "scalar", "range": [-1, 1.5]}),
        ([[1, 0]] * 4, {"type": "wordvec", "dict": "labels"}, {"type": "wordvec"}),
        ([1, 0], {"vis": {"type": "of the future", "x": 1}}, {"type": "of the future", "x": 1}),
        ([1, 0], {"dict": None, "index": None, "weights_path": None}, {"type": "scalar", "range": [0, 1]}),
    ],
)
def test_every_annotation_has_a_range_to_draw_it_with(directory, values, meta, vis):
    project = annotate(directory, values, **meta)
    assert project.problems == []
    assert project.describe()["meta"]["a"]["vis"] == vis


def test_the_labels_of_a_discrete_annotation_come_in_the_order_of_the_dictionary(directory):
    project = annotate(directory, [1], "z 5\na 1\n", dict="labels", vis={"type": "discrete", "range": "dict"})
    assert project.describe()["meta"]["a"]["vis"]["range"] == ["z", "a"]


@pytest.mark.parametrize(
    ("values", "meta", "sentence"),
    [
        ([1], {"file": None}, "lstm.yml: the annotation 'a' has no `file`."),
        ([1], {"path": None}, "lstm.yml: the annotation 'a' has no `path`."),
        ([1], {"path": "w"}, "There is no 'w' in m.h5; it holds 'v'."),
        ([1], {"file": "x"}, "lstm.yml: 'x' is not among the `files`; there are: s, m, i, labels."),
        ([1], {"type": "x"}, "lstm.yml: the type of the annotation 'a' must be general or wordvec, not 'x'."),
        ([1], {"type": "wordvec"}, "'v' in m.h5 must have two axes, positions x ranks; its shape is (1,)."),
        ([[1]], {}, "'v' in m.h5 must have one axis, unless the type of the annotation 'a' is wordvec."),
        ([[1]], {"type": "wordvec", "weights_path": "p"}, "There is no 'p' in m.h5; it holds 'v'."),
        ([1], {"dict": "x"}, "lstm.yml: 'x' is not among the `files`; there are: s, m, i, labels."),
        ([1], {"index": "x"}, "lstm.yml: the annotation 'a' has the index 'x', which is not in this file."),
        ([1], {"vis": "scalar"}, "lstm.yml: `vis` of the annotation 'a' must be a mapping."),
        (
            [1],
            {"vis": {"type": "discrete", "range": "dict"}},
            "lstm.yml: the annotation 'a' has the range `dict` but no `dict`.",
        ),
        (
            [1],
            {"vis": {"type": "discrete", "range": "0..9"}},
            "lstm.yml: the range of the annotation 'a' must be dict, a list of values, or `lo...hi` for the integers "
            "from lo up to but not including hi; it is '0..9'.",
        ),
        (
            [1],
            {"vis": {"type": "discrete", "range": "5...5"}},
            "lstm.yml: the range of the annotation 'a' holds no value: '5...5'.",
        ),
        (
            [1],
            {"vis": {"type": "discrete", "range": f"0...{10**400}"}},
            "lstm.yml: the range of the annotation 'a' has more than 10,000 values.",
        ),
        (
            [1],
            {"vis": {"type": "scalar", "range": [1]}},
            "lstm.yml: the range of the annotation 'a' must be [lowest, highest], not [1].",
        ),
    ],
)
def test_what_is_wrong_with_an_annotation_is_said_and_the_rest_stays_usable(directory, values, meta, sentence):
    project = annotate(directory, values, **meta)
    assert project.problems == [sentence]
    assert list(project.sources) == ["s::s"]
    assert project.annotations == {}
    assert project.describe()["meta"] == []
    assert project.describe()["error"] == sentence


def test_weights_must_have_the_shape_of_their_words(directory):
    arrays = {"m.h5": {"v": np.zeros((4, 5)), "p": np.zeros((4, 4))}}
    config = {
        "files": {"m": "m.h5"},
        "states": {"types": [{"file": "m", "path": "v"}]},
        "meta": {"a": {"type": "wordvec", "file": "m", "path": "v", "weights_path": "p"}, "b": 1},
    }
    project = Project(write_directory(directory, config, arrays))
    assert project.problems == [
        "'p' in m.h5 must have the shape of 'v' in m.h5, (4, 5).",
        "lstm.yml: the annotation 'b' must be a mapping.",
    ]


SOURCE = {"path": "s", "transform": "none"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"states": None}, "lstm.yml names no sources: `states.types` is missing or empty."),
        ({"states": [1]}, "lstm.yml: `states` must be a mapping."),
        ({"states": {"types": {}}}, "lstm.yml names no sources: `states.types` is missing or empty."),
        ({"states": {"types": {"a": 1}}}, "lstm.yml: `states.types` must be a list of mappings, one for each source."),
        ({"states": {"types": ["a"]}}, "lstm.yml: `states.types` must be a list of mappings, one for each source."),
        ({"states": {"types": [SOURCE]}}, "lstm.yml: a source in `states.types` has no `file`."),
        ({"states": {"file": "states", "types": [{}]}}, "lstm.yml: a source in `states.types` has no `path`."),
        (
            {"states": {"file": "states", "types": [{"path": "s", "transform": "relu"}]}},
            "lstm.yml: the transform of a source in `states.types` must be tanh or none, not 'relu'.",
        ),
        ({"states": {"file": "states", "types": [{"path": "x"}]}}, "There is no 'x' in states.hdf5; it holds 's'."),
        ({"files": {"states": "gone.hdf5"}}, "The file gone.hdf5 is missing."),
        ({"files": None}, "lstm.yml: 'states' is not among the `files`; there are: none."),
        ({"files": {"states": "lstm.yml"}}, "lstm.yml cannot be read as HDF5: "),
    ],
)
def test_what_is_wrong_with_the_sources_is_said(directory, change, sentence):
    project = Project(write_small_project(directory, **change))
    assert project.sources == {}
    assert any(problem.startswith(sentence) for problem in project.problems)
    assert sentence in project.describe()["error"]
    assert project.describe()["word_sequence"]["size"] == [0]


def test_sections_that_are_no_mappings_are_each_named_once(directory):
    project = Project(write_small_project(directory, meta="x", word_sequence=[1], sequences=7, etc=3, files="f"))
    project.describe()
    assert [problem for problem in project.problems if "must be a mapping" in problem] == [
        "lstm.yml: `files` must be a mapping.",
        "lstm.yml: `word_sequence` must be a mapping.",
        "lstm.yml: `sequences` must be a mapping.",
        "lstm.yml: `meta` must be a mapping.",
    ]


def test_one_source_that_cannot_be_opened_leaves_the_others(directory):
    types = [{"path": "s"}, {"path": "t"}, {"path": "u"}, {"file": "gone", "path": "s"}, {"file": "gone", "path": "t"}]
    config = {"files": {"states": "s.h5", "gone": "gone.h5"}, "states": {"file": "states", "types": types}}
    arrays = {"s.h5": {"s": np.zeros((3, 2)), "t": np.zeros(3)}}
    project = Project(write_directory(directory, config, arrays))
    assert list(project.sources) == ["states::s"]
    assert project.problems == [
        "'t' in s.h5 must have two axes, steps x cells; its shape is (3,).",
        "There is no 'u' in s.h5; it holds 's', 't'.",
        "The file gone.h5 is missing.",
    ]


@pytest.mark.parametrize("outside", ["../other.h5", "/etc/passwd", "sub/../../other.h5", "link.h5"])
def test_a_file_outside_the_directory_is_refused_and_the_others_open(tmp_path, directory, outside):
    other = write_small_project(tmp_path / "elsewhere") / "states.hdf5"
    (tmp_path / "other.h5").write_bytes(other.read_bytes())
    directory.mkdir()
    (directory / "link.h5").symlink_to(other)
    files = {"meta": outside, "states": "states.hdf5"}
    meta = {"a": {"file": "meta", "path": "s", "type": "wordvec"}}
    project = Project(write_small_project(directory, files=files, meta=meta))
    assert list(project.sources) == ["states::s"]
    assert project.problems == [
        f"lstm.yml: the file {outside!r} lies outside the project's directory.",
    ]


@pytest.mark.parametrize("name", ["a\0b.h5", "circle.h5"])
def test_a_name_that_leads_nowhere_is_refused_and_the_others_open(directory, name):
    directory.mkdir()
    (directory / "circle.h5").symlink_to("circle.h5")
    project = Project(write_small_project(directory, files={"meta": name, "states": "states.hdf5"}))
    assert list(project.sources) == ["states::s"]
    assert project.problems == [f"lstm.yml: the file {name!r} lies outside the project's directory."]


def linked(directory, target):
    """A project whose source `states::s` is an HDF5 link to `s` in another file."""
    write_small_project(directory)
    with h5py.File(directory / "states.hdf5", "w") as file:
        file["link"] = h5py.ExternalLink(str(target), "/s")
        file["s"] = h5py.SoftLink("/link")
    return Project(directory)


def test_a_link_in_hdf5_to_a_file_outside_the_directory_is_refused(tmp_path, directory):
    other = write_small_project(tmp_path / "elsewhere") / "states.hdf5"
    project = linked(directory, other)
    assert project.sources == {}
    assert project.problems == ["'s' in states.hdf5 is a link to a file outside the project's directory."]


@pytest.mark.parametrize("layout", [{}, {"chunks": (1, 2)}])
def test_a_link_in_hdf5_within_the_directory_is_followed(directory, layout):
    directory.mkdir()
    with h5py.File(directory / "other.hdf5", "w") as file:
        file.create_dataset("s", data=[[1, 2], [3, 4]], **layout)
    project = linked(directory, "other.hdf5")
    assert project.problems == []
    assert project.sources["states::s"].states.rows(0, 2).tolist() == [[1, 2], [3, 4]]


def test_a_source_that_is_named_twice_is_told_and_the_first_counts(directory):
    types = [{"path": "s", "layer": 1}, {"path": "s", "layer": 2}]
    project = Project(write_small_project(directory, states={"file": "states", "types": types}))
    assert [source.layer for source in project.sources.values()] == [1]
    assert project.problems == ["lstm.yml: `states.types` names 'states::s' more than once; the first counts."]


def test_files_whose_data_are_contiguous_can_be_written_while_the_project_is_open(directory):
    arrays = {"s.h5": {"s": np.ones((3, 2), "f4"), "w": [1, 2, 1]}, "m.h5": {"v": [0.5, 1, 2]}}
    config = {
        "files": {"s": "s.h5", "m": "m.h5"},
        "states": {"file": "s", "types": [{"path": "s"}, {"path": "gone"}]},
        "word_sequence": {"file": "s", "path": "w"},
        "meta": {"a": {"file": "m", "path": "v"}},
    }
    project = Project(write_directory(directory, config, arrays))
    for name in arrays:
        with h5py.File(directory / name, "r+") as file:
            file["new"] = 1
    states = project.sources["s::s"].states
    assert states.changed
    assert states.rows(0, 3).tolist() == [[1, 1]] * 3


def test_files_that_are_read_through_hdf5_stay_open(directory):
    write_small_project(directory)
    with h5py.File(directory / "states.hdf5", "w") as file:
        file.create_dataset("s", data=np.ones((3, 2)), chunks=(2, 2))
    project = Project(directory)
    assert project.sources["states::s"].states.rows(0, 3).tolist() == [[1, 1]] * 3
    with pytest.raises(OSError, match="already open"):
        h5py.File(directory / "states.hdf5", "r+")


def test_all_files_that_a_project_names_are_known_also_those_that_are_missing_or_outside(directory):
    files = {"states": "states.hdf5", "gone": "sub/gone.h5", "outside": "../x.h5"}
    project = Project(write_small_project(directory, files=files))
    assert project.files == tuple(directory / name for name in files.values())
    assert Project(write_small_project(directory, files=None)).files == ()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"path": "s"}, "lstm.yml: `word_sequence` has no `file`."),
        ({"file": "states", "path": "s"}, "'s' in states.hdf5 must have one axis; its shape is (3, 2)."),
        ({"file": "states", "path": "x"}, "There is no 'x' in states.hdf5; it holds 's'."),
        ({"file": "x", "path": "x"}, "lstm.yml: 'x' is not among the `files`; there are: states."),
    ],
)
def test_what_is_wrong_with_the_words_is_said_and_the_states_stay_usable(directory, words, sentence):
    project = Project(write_small_project(directory, word_sequence=words))
    assert project.problems == [sentence]
    assert project.words is None
    assert list(project.sources) == ["states::s"]
    assert project.describe()["word_sequence"]["size"] == [3]


@pytest.mark.parametrize("starts", [[1, 2], [0, 2, 2], [0, 3, 1], [-1, 0], [0.0, np.nan]])
def test_sequence_starts_that_do_not_ascend_from_0_are_refused(directory, starts):
    arrays = {"s.h5": {"s": np.zeros((3, 2)), "starts": starts}}
    config = {
        "files": {"s": "s.h5"},
        "states": {"file": "s", "types": [{"path": "s"}]},
        "sequences": {"file": "s", "path": "starts"},
    }
    project = Project(write_directory(directory, config, arrays))
    assert project.problems == ["'starts' in s.h5 must hold the starts of the sequences, ascending from 0."]
    assert project.sequence_starts.tolist() == []
    assert list(project.sources) == ["s::s"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: [a\nfiles: b", "lstm.yml, line 2, column 6: expected ',' or ']', but got ':'."),
        ("a: b: c", "lstm.yml, line 1, column 5: mapping values are not allowed here."),
        ("a: !!python/object:os.system x", "lstm.yml, line 1, column 4: could not determine a constructor"),
        ("? [a]\n: b", "lstm.yml, line 1, column 3: found unhashable key."),
        ("a: \x01", "lstm.yml is not readable YAML in UTF-8: unacceptable character"),
        ("a: 2020-13-45", "lstm.yml is not readable YAML in UTF-8: month must be in 1..12"),
        ("a: &a [*a]", "lstm.yml has more than 100,000 entries, counted at each alias."),
        ("a: " + "[" * 5000, "lstm.yml is not readable YAML in UTF-8: "),
        ("", "lstm.yml must hold a mapping with `files`, `states` and so on."),
        ("- a", "lstm.yml must hold a mapping with `files`, `states` and so on."),
        ("# " + "x" * 1_000_001, "lstm.yml is larger than 1,000,000 bytes."),
    ],
)
def test_a_configuration_that_is_not_readable_is_refused_with_its_place(directory, text, sentence):
    with pytest.raises(ProjectError) as caught:
        Project(write_directory(directory, text))
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("first", "next_one"),
    [("[1, 2, 3]", "[{}]"), ("{k: 1}", "{{n: [{}]}}"), ("{k: 1}", "{{<<: [{}]}}")],
    ids=["lists", "mappings", "merged mappings"],
)
def test_aliases_of_aliases_are_refused_at_once(directory, first, next_one):
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{n}: &a{n} " + next_one.format(", ".join([f"*a{n - 1}"] * 9)) for n in range(1, 9)]
    started = time.monotonic()
    with pytest.raises(ProjectError, match=r"^lstm\.yml has more than 100,000 entries, counted at each alias\.$"):
        Project(write_directory(directory, "\n".join(lines)))
    assert time.monotonic() - started < 1


def test_a_few_aliases_and_merged_mappings_are_read(directory):
    text = """
        files: {states: states.hdf5}
        states: {types: [&one {file: states, path: s, layer: 2}]}
        meta: {a: {<<: *one, type: wordvec}}
    """
    write_small_project(directory)
    project = Project(write_directory(directory, text))
    assert project.problems == []
    assert project.describe()["meta"]["a"]["layer"] == 2


def test_a_configuration_that_is_not_utf8_is_refused(directory):
    write_small_project(directory)
    (directory / "lstm.yml").write_bytes(b"name: caf\xe9")
    with pytest.raises(ProjectError, match=r"^lstm\.yml is not readable YAML in UTF-8: "):
        Project(directory)


def test_a_directory_without_a_configuration_is_no_project(tmp_path):
    assert not is_project(tmp_path)
    with pytest.raises(ProjectError) as told:
        Project(tmp_path)
    assert str(told.value) == f"{tmp_path} is no project: there is no lstm.yml in it."
    with pytest.raises(ProjectError) as told:
        Project(tmp_path / "gone")
    gone = tmp_path / "gone"
    assert str(told.value) == f"There is no directory {gone}: a project is a directory with a file lstm.yml."


def test_a_directory_of_projects_is_none_but_names_them(tmp_path):
    for number in range(7):
        (tmp_path / f"p{number}").mkdir()
        (tmp_path / f"p{number}" / "lstm.yml").write_text("name: p")
    with pytest.raises(ProjectError, match=r"There are projects in it, such as: p0, p1, p2, p3, p4\.$"):
        Project(tmp_path)


def test_whatever_yaml_holds_the_description_is_json(directory):
    text = """
        name: 2020-01-01
        description: [1, 2]
        files: {states: states.hdf5}
        states: {file: states, types: [{path: s, layer: two, type: 3}]}
        meta: {1: {file: states, path: s, type: wordvec, 2020-01-01: !!set {a, b}}}
        etc: {2020-01-01: 2021-02-03, 1: !!binary aGk=, null: .inf, true: !!omap [a: 1]}
        word_embedding: {x: *here}
    """.replace("*here", "&here 1")
    write_small_project(directory)
    project = Project(write_directory(directory, text))
    described = json.loads(json.dumps(project.describe()))
    assert described["name"] == "2020-01-01"
    assert described["etc"]["2020-01-01"] == "2021-02-03"
    assert list(described["meta"]) == ["1"]
    assert list(project.annotations) == ["1"]
