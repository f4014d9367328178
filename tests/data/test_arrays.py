import re
import tracemalloc
from itertools import repeat

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data import Discrete, Ranked, Scalar, States, arrays, series, write_project
from lstmvis.data.errors import ProjectError, ProjectExistsError
from lstmvis.data.project import Project

WORDS = ["the", "cat", "sat", "on", "the", "mat"]
STATES = np.random.default_rng(1).normal(size=(6, 3)).astype(np.float32)
CUT = [2, 3, 1]  # the same steps as three sequences
SEQUENCES = [STATES[:2], STATES[2:5], STATES[5:]]


def padded(sequences, filler=np.nan):
    """A batch (N, L, ...) of sequences, with `filler` behind their ends."""
    longest = max(map(len, sequences))
    batch = np.full((len(sequences), longest, *np.shape(sequences[0])[1:]), filler, np.asarray(sequences[0]).dtype)
    for row, sequence in zip(batch, sequences, strict=True):
        row[: len(sequence)] = sequence
    return batch


@pytest.fixture
def write(tmp_path):
    """Write a project, and open it: it must be without problems."""

    def write_and_open(tokens, states, *arguments, **options):
        write_project(tmp_path / "p", tokens, states, *arguments, replace=True, **options)
        project = Project(tmp_path / "p")
        assert project.problems == []
        return project

    return write_and_open


def words_of(project):
    return project.words.decode(project.words.ids.integers(0, len(project.words.ids)))


def states_of(project, source="states::state"):
    return project.sources[source].states.rows(0, project.steps)


def annotation_of(project, name):
    """What the page shows: labels, or numbers."""
    annotation = project.annotations[name]
    values = annotation.values.rows(0, project.steps)
    return annotation.dictionary.decode(values.tolist()) if annotation.dictionary else values.tolist()


def labels_of(project, name):
    return project.describe()["meta"][name]["vis"]["range"]


def test_words_states_and_annotations_come_out_as_they_went_in(write):
    project = write(
        WORDS,
        {"layer1/hidden": STATES, "layer2/cell": 2 * STATES},
        {"kind": ["x", "y", "x", "y", "x", "y"], "loss": np.arange(6) / 2},
        name="Mine",
        description="A sentence",
    )
    assert (project.name, project.description) == ("Mine", "A sentence")
    assert words_of(project) == WORDS
    np.testing.assert_array_equal(states_of(project, "states::layer1/hidden"), STATES)
    np.testing.assert_array_equal(states_of(project, "states::layer2/cell"), 2 * STATES)
    assert annotation_of(project, "kind") == ["x", "y", "x", "y", "x", "y"]
    assert annotation_of(project, "loss") == [0, 0.5, 1, 1.5, 2, 2.5]
    assert len(project.sequence_starts) == 0


def test_the_name_says_what_a_source_is_and_only_cell_states_go_through_tanh(write):
    sources = {
        "hidden": STATES,
        "cell": STATES,
        "layer2/cell": STATES,
        "layer3/forget": States(np.abs(STATES), unsigned=True),
        "raw": States(STATES, layer=4, type="cell"),
        "layer5/cell": States(STATES, transform="none"),
    }
    described = [
        (source.layer, source.type, source.transform, source.unsigned)
        for source in write(None, sources).sources.values()
    ]
    assert described == [
        (1, "hidden", "none", False),
        (1, "cell", "tanh", False),
        (2, "cell", "tanh", False),
        (3, "forget", "none", True),
        (4, "cell", "tanh", False),
        (5, "cell", "none", False),
    ]


FORMS = {
    "lists of sequences": lambda: ([WORDS[:2], WORDS[2:5], WORDS[5:]], SEQUENCES, None),
    "padded batches": lambda: (
        padded([["the", "cat"], ["sat", "on", "the"], ["mat"]], "      "),
        padded(SEQUENCES),
        CUT,
    ),
    "words in one pass": lambda: (WORDS, SEQUENCES, None),
    "one pass with lengths": lambda: (WORDS, STATES, CUT),
    "batches from a generator": lambda: (WORDS, (padded(part) for part in (SEQUENCES[:2], SEQUENCES[2:])), CUT),
    "words from a generator": lambda: ((WORDS[i : i + 2] for i in (0, 2, 4)), padded(SEQUENCES), CUT),
    "all from generators": lambda: (iter([WORDS]), iter([SEQUENCES[:1], SEQUENCES[1:]]), None),
}


@pytest.mark.parametrize("form", FORMS)
def test_sequences_in_every_form_are_laid_end_to_end(write, form):
    tokens, states, lengths = FORMS[form]()
    project = write(tokens, states, {"label": ["a", "b", "a"]}, lengths=lengths)
    assert words_of(project) == WORDS
    np.testing.assert_array_equal(states_of(project), STATES)
    assert project.sequence_starts.tolist() == [0, 2, 5]
    assert annotation_of(project, "label") == ["a", "a", "b", "b", "b", "a"]


@given(data=st.data())
def test_however_it_comes_and_however_small_the_pieces_the_same_is_written(tmp_path_factory, data):
    lengths = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=5).filter(any), "lengths")
    T, C = sum(lengths), data.draw(st.integers(1, 3), "cells")
    ends = np.cumsum(lengths)[:-1]
    chance = np.random.default_rng(data.draw(st.integers(0, 99), "seed"))
    states = chance.normal(size=(T, C)).astype(np.float32)
    ids = chance.integers(0, 3, T)

    def form(values):
        sequences = np.split(values, ends)
        cut = data.draw(st.integers(0, len(lengths)), "cut")
        return data.draw(
            st.sampled_from(
                [
                    values,
                    values.tolist(),
                    padded(sequences, 7),
                    sequences,
                    iter([padded(part, 7) for part in (sequences[:cut], sequences[cut:]) if part]),
                    iter(np.split(values, [cut] if cut < T else [])),
                ]
            ),
            "form",
        )

    place = tmp_path_factory.mktemp("forms") / "p"
    with pytest.MonkeyPatch.context() as patch:
        for module in (series, arrays):
            patch.setattr(module, "PIECE", data.draw(st.integers(1, 20), "piece"))
        write_project(
            place,
            form(ids),
            {"a": form(states), "b": form(states.astype(np.float64))},
            {"id": Discrete(form(ids)), "number": form(ids / 2), "each": np.arange(len(lengths)) / 4},
            lengths=lengths,
            vocabulary="abc",
        )
    project = Project(place)
    assert project.problems == []
    assert words_of(project) == ["abc"[number] for number in ids]
    for source in ("states::a", "states::b"):
        np.testing.assert_array_equal(states_of(project, source), states)
    assert annotation_of(project, "id") == [str(number) for number in ids]
    assert annotation_of(project, "number") == (ids / 2).tolist()
    assert project.sequence_starts.tolist() == [int(sum(lengths[:i])) for i, length in enumerate(lengths) if length]
    if len(lengths) != T:
        assert annotation_of(project, "each") == np.repeat(np.arange(len(lengths)) / 4, lengths).tolist()


def test_resets_in_one_pass_are_given_by_their_first_steps(write):
    project = write(WORDS, STATES, {"label": [True, False]}, sequences=[0, 4])
    assert project.sequence_starts.tolist() == [0, 4]
    assert annotation_of(project, "label") == ["True"] * 4 + ["False"] * 2


def test_an_annotation_that_comes_as_sentences_makes_no_sequences(write):
    project = write(WORDS, STATES, {"a": [["x", "y"], ["x", "y", "x"], ["y"]]})
    assert annotation_of(project, "a") == ["x", "y", "x", "y", "x", "y"]
    assert len(project.sequence_starts) == 0


def test_ids_are_tokens_of_the_vocabulary_in_either_form_and_a_string_is_its_characters(write):
    assert words_of(write([2, 0, 1, 0, 0, 2], STATES, vocabulary=["a", "b", "c"])) == list("cabaac")
    assert words_of(write([2, 1, 1, 1, 1, 0], STATES, vocabulary={"a": 1, "b": 2})) == [*"baaaa", "#0"]
    assert words_of(write("abc \n\0", STATES)) == ["a", "b", "c", " ", "\n", "\0"]


def test_a_series_without_words_has_steps_and_annotations(write):
    project = write(None, STATES, {"value": np.arange(6.0)})
    assert project.words is None
    assert (project.steps, annotation_of(project, "value")) == (6, [0, 1, 2, 3, 4, 5])


KINDS = {
    "strings": (["b", "a", "b", "a", "a", "a"], ["a", "b"]),
    "bytes": (np.array([b"b", b"a", b"b", b"a", b"a", b"a"]), ["a", "b"]),
    "booleans": (np.array([True] * 6), ["False", "True"]),
    "integers": ([10, 2, 2, 2, -1, 2], ["-1", "2", "10"]),
    "integers with labels": (Discrete([1, 1, 0, 0, 1, 0], ["neg", "pos"]), ["neg", "pos"]),
    "strings in an order": (Discrete(["low", "high"] * 3, ["low", "mid", "high"]), ["low", "mid", "high"]),
    "many integers": (np.arange(6) * 3, [0, 15]),
    "many labels": (Discrete(np.arange(6) * 3), ["0", "3", "6", "9", "12", "15"]),
    "floats": (np.array([0, 1, np.nan, 3, 4, 0.5]), [0, 4]),
    "floats after integers": ([0, 1, 2, 3, 4, 0.5], [0, 4]),
    "on a scale": (Scalar([0, 1, 0, 1, 0, 1], (-1, 2)), [-1, 2]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_values_say_what_kind_of_annotation_they_are(write, kind, monkeypatch):
    monkeypatch.setattr(arrays, "MOST_LABELS", 5)
    values, shown = KINDS[kind]
    assert labels_of(write(WORDS, STATES, {"a": values}), "a") == shown


def test_ranked_lists_name_tokens_or_labels_of_their_own(write):
    ids, weights = np.array([[0, 1]] * 6), np.array([[0.75, 0.25]] * 6)
    project = write(
        WORDS, STATES, {"next": Ranked(ids, weights), "tags": Ranked(ids[:2], weights[:2], ["N", "V"])}, lengths=[2, 4]
    )
    for name, labels in (("next", ["the", "cat"]), ("tags", ["N", "V"])):
        annotation = project.annotations[name]
        assert annotation.dictionary.decode(annotation.values.rows(5, 6)[0].tolist()) == labels
        assert annotation.weights.rows(5, 6).tolist() == [[0.75, 0.25]]


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [("f2", "f2"), ("f4", "f4"), ("f8", "f4"), (">f4", "f4"), ("i8", "f4"), ("?", "f4")],
)
def test_states_are_stored_as_float32_or_the_float16_they_are(write, dtype, stored):
    project = write(WORDS, (4 * STATES).astype(dtype))
    assert project.sources["states::state"].states.dtype == stored
    np.testing.assert_array_equal(states_of(project), (4 * STATES).astype(dtype).astype(stored))


def test_tensors_of_a_type_that_numpy_lacks_are_converted(write):
    torch = pytest.importorskip("torch")
    project = write(None, torch.tensor([[0.5, 1.5]] * 3, dtype=torch.bfloat16))
    assert project.sources["states::state"].states.rows(0, 1).tolist() == [[0.5, 1.5]]


@pytest.mark.parametrize(
    ("value", "dtype", "remark"),
    [
        (np.nan, "f4", "hold 1 NaN, where a cell counts as off; the first at step 4."),
        (-np.inf, "f8", "hold 1 infinities; the first at step 4."),
        (1e300, "f8", "hold 1 numbers beyond float32, which have become infinite; the first at step 4."),
    ],
)
def test_what_is_no_ordinary_number_is_kept_and_mentioned(write, value, dtype, remark):
    states = STATES.astype(dtype)
    states[4, 1] = value
    with pytest.warns(UserWarning, match=re.escape(f"The states 'state' {remark}")) as warned:
        project = write(WORDS, states)
    assert [warning.filename for warning in warned] == [__file__]
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(states_of(project), states.astype(np.float32))


REFUSED = {
    "There are 5 tokens, but 6 steps of the states 'state'.": ((WORDS[:5], STATES), {}),
    "There are 6 steps of the states 'a', but 5 steps of the states 'b'.": ((None, {"a": STATES, "b": STATES[:5]}), {}),
    "There are 6 tokens, but at least 12 steps of the states 'state'.": ((WORDS, repeat(STATES)), {}),
    "There are 6 tokens, but 4 steps of the states 'state'. ": ((WORDS, iter([STATES[:4]])), {}),
    "There are 6 steps of the states 'a', but 5 steps of the states 'b'. ": (
        (None, {"a": iter([STATES]), "b": iter([STATES[:5]])}),
        {},
    ),
    "There are 5 values of 'x', but 6 tokens and no sequences: an annotation has a value a step or a value a "
    "sequence.": (
        (WORDS, STATES, {"x": np.zeros(5)}),
        {},
    ),
    "There are 5 values of 'x', but 6 tokens and 3 sequences: an annotation has a value a step or a value a "
    "sequence.": (
        (WORDS, SEQUENCES, {"x": np.zeros(5)}),
        {},
    ),
    "There are 6 tokens, but 5 values of 'x'.": ((WORDS, STATES, {"x": [[1, 2], [3, 4, 5]]}), {}),
    "Sequence 1 (of 0 to 1) has 4 steps in the tokens, but 3 in the states 'state'.": (
        ([WORDS[:2], WORDS[2:]], [STATES[:2], STATES[2:5]]),
        {},
    ),
    "There are 2 sequences in the tokens, but 3 in the states 'state'.": (([WORDS[:2], WORDS[2:]], SEQUENCES), {}),
    "The states 'state' come as a batch of 2 sequences; `lengths` has 3.": (
        (WORDS, np.zeros((2, 3, 1))),
        {"lengths": CUT},
    ),
    "The states 'state' come as a batch of sequences of 2 steps; `lengths` goes up to 3.": (
        (WORDS, np.zeros((3, 2, 1))),
        {"lengths": CUT},
    ),
    "`lengths` must be how many steps each sequence has: integers from 0.": ((WORDS, STATES), {"lengths": [2.5, 3.5]}),
    "`sequences` go up to 6, but there are 6 tokens.": ((WORDS, STATES, {}, [0, 6]), {}),
    "`sequences` must be the first steps of the sequences: integers, ascending from 0.": ((WORDS, STATES, {}, [1]), {}),
    "Give either `lengths` or `sequences`: each says where the sequences are.": (
        (WORDS, STATES, {}, [0]),
        {"lengths": [6]},
    ),
    "The states 'state' must be an array (steps, n), a batch of sequences (sequences, steps, n), a list of sequences, "
    "or a generator of such; not of shape (6,).": ((WORDS, STATES[:, 0]), {}),
    "The tokens must be an array (steps,), a batch of sequences (sequences, steps), a list of sequences, or a "
    "generator of such; not 5.": ((5, STATES), {}),
    "The states 'state' have 3 cells at first and 2 at step 4.": ((WORDS, iter([STATES[:4], STATES[4:, :2]])), {}),
    "The states 'state' must be numbers; they are <U1.": ((WORDS, np.full((6, 2), "x")), {}),
    "The tokens are empty.": (([], np.zeros((0, 2))), {}),
    "The states 'state' are empty.": ((None, iter([])), {}),
    "The states 'state' are empty. ": ((WORDS, np.zeros((6, 0))), {}),
    "There are no states: a project needs at least one source.": ((WORDS, {}), {}),
    "Tokens must be strings, or integers with a `vocabulary` that says what they stand for; they are int64 without a "
    "vocabulary.": (([0] * 6, STATES), {}),
    "The token ids must be from 0 to 1; found 0 to 2.": (([0, 2] * 3, STATES), {"vocabulary": "ab"}),
    "The tokens hold 'mat', which is not among those that were given.": (
        (WORDS, STATES),
        {"vocabulary": ["the", "cat", "sat", "on"]},
    ),
    "The tokens must all be strings; there is None among them.": (([*WORDS[:5], None], STATES), {}),
    "The values of 'x' must be numbers; they are strings.": ((WORDS, STATES, {"x": Scalar(WORDS)}), {}),
    "The values of 'x' are all NaN or infinite: there is nothing to see.": (
        (WORDS, STATES, {"x": [np.nan, *[-np.inf] * 5]}),
        {},
    ),
    "The values of 'x' must be strings or integers; they are floats.": (
        (WORDS, STATES, {"x": Discrete(STATES[:, 0], ["a"])}),
        {},
    ),
    "The values of 'x' must all be strings, or all be numbers.": (
        (WORDS, STATES, {"x": iter([WORDS[:3], [1, 2, 3]])}),
        {},
    ),
    "There is b'\\xff' among the tokens, which is not UTF-8.": ((np.full(6, b"\xff"), STATES), {}),
    "There is b'\\xff' among the vocabulary, which is not UTF-8.": (([0] * 6, STATES), {"vocabulary": [b"\xff"]}),
    "'\\ud800' cannot be written to words.json: half a character is not UTF-8.": ((["\ud800"] * 6, STATES), {}),
    "A `vocabulary` that is a mapping leads from tokens to their ids, integers from 0 to 9,999,999; this one leads "
    "from 0 to 'a'.": (([0] * 6, STATES), {"vocabulary": {0: "a"}}),
    "A `vocabulary` that is a mapping leads from tokens to their ids, integers from 0 to 9,999,999; this one leads "
    "from 'b' to 1000000000000.": (([0] * 6, STATES), {"vocabulary": {"a": 0, "b": 10**12}}),
    "A source must have a name such as `layer1/cell`, not 'layer1/'.": ((WORDS, {"layer1/": STATES}), {}),
    "A source must have a name such as `layer1/cell`, not '../cell'.": ((WORDS, {"../cell": STATES}), {}),
    "An annotation must have a name without `/`, `,` or a leading `.`, of 200 bytes at most, not 'a\\x00b'.": (
        (WORDS, STATES, {"a\0b": WORDS}),
        {},
    ),
    f"An annotation must have a name without `/`, `,` or a leading `.`, of 200 bytes at most, not '{'x' * 59}.": (
        (WORDS, STATES, {"x" * 201: WORDS}),
        {},
    ),
    "The range of 'x' must be its lowest and its highest number, not (1,).": (
        (WORDS, STATES, {"x": Scalar(np.zeros(6), (1,))}),
        {},
    ),
    "The range of 'x' must be its lowest and its highest number, not (2, 1).": (
        (WORDS, STATES, {"x": Scalar(np.zeros(6), (2, 1))}),
        {},
    ),
    "The ids of 'x' must be integers; they are float64.": (
        (WORDS, STATES, {"x": Ranked(np.zeros((6, 1)), np.zeros((6, 1)))}),
        {},
    ),
    "The weights of 'x' must be numbers; they are <U1.": (
        (WORDS, STATES, {"x": Ranked(np.zeros((6, 1), int), np.full((6, 1), "w"))}),
        {},
    ),
    "'x' ranks ids, so it needs `labels`: there is no vocabulary.": (
        (None, STATES, {"x": Ranked(np.zeros((6, 1), int), np.zeros((6, 1)))}),
        {},
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_does_not_fit_together_is_refused_in_words_and_nothing_is_written(tmp_path, sentence):
    arguments, options = REFUSED[sentence]
    with pytest.raises(ProjectError) as caught:
        write_project(tmp_path / "p", *arguments, **options)
    assert str(caught.value) == sentence.strip()
    assert list(tmp_path.iterdir()) == []


def test_an_annotation_that_does_not_fit_is_refused_before_states_are_written(tmp_path):
    written = []
    with pytest.raises(ProjectError, match="There are 5 values of 'x'"):
        write_project(tmp_path / "p", WORDS, STATES, {"x": np.zeros(5)}, progress=written.append)
    assert written == []


def test_a_project_that_is_there_is_kept(tmp_path):
    write_project(tmp_path / "p", WORDS, STATES)
    with pytest.raises(ProjectExistsError):
        write_project(tmp_path / "p", WORDS, STATES)


def test_neither_generators_nor_mapped_files_ever_lie_in_memory(tmp_path, monkeypatch):
    for module in (series, arrays):
        monkeypatch.setattr(module, "PIECE", 1 << 16)
    T, C = 200_000, 32  # 26 MB of float32
    np.save(tmp_path / "states.npy", np.zeros((T, C), np.float32))
    np.save(tmp_path / "loss.npy", np.zeros(T))
    with h5py.File(tmp_path / "states.h5", "w") as file:
        file.create_dataset("s", shape=(100, T // 100, C), dtype="f8", fillvalue=1)
    with h5py.File(tmp_path / "states.h5") as file:
        tracemalloc.start()
        write_project(
            tmp_path / "p",
            (np.full(1000, i % 7) for i in range(T // 1000)),
            {
                "generated": (np.zeros((1000, C)) for _ in range(T // 1000)),
                "mapped": np.load(tmp_path / "states.npy", mmap_mode="r"),
                "batch": file["s"],
            },
            {"loss": np.load(tmp_path / "loss.npy", mmap_mode="r"), "sequence": np.arange(100)},
            vocabulary="abcdefg",
        )
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 8e6


@pytest.mark.parametrize("older", [True, False])
def test_a_generator_that_fails_half_way_leaves_nothing_and_an_older_project_as_it_was(tmp_path, older):
    if older:
        write_project(tmp_path / "p", WORDS, STATES, name="older")

    def pieces():
        yield STATES[:4]
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        write_project(tmp_path / "p", WORDS, {"a": STATES, "b": pieces()}, name="newer", replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["p"] * older
    assert not older or Project(tmp_path / "p").name == "older"


@pytest.mark.parametrize(
    "states",
    [
        STATES.astype(">f4"),
        STATES.astype(np.longdouble),
        np.asfortranarray(STATES),
        np.repeat(STATES, 2, axis=1)[:, ::2],
    ],
    ids=["big-endian", "longer", "columns first", "strided"],
)
def test_states_in_any_layout_are_written_as_float32_row_after_row(write, states):
    project = write(WORDS, states)
    np.testing.assert_array_equal(states_of(project), STATES)
    assert project.sources["states::state"].states.contiguous


def test_states_that_outgrow_the_type_of_the_first_piece_are_told(write):
    with pytest.warns(
        UserWarning, match="hold 3 numbers beyond float16, which have become infinite; the first at step 5"
    ):
        write(WORDS, iter([STATES[:5].astype(np.float16), np.full((1, 3), 1e6, np.float32)]))


def test_tokens_and_vocabularies_may_be_bytes_as_in_hdf5(write):
    assert words_of(write(np.array(WORDS, "S"), STATES)) == WORDS
    assert words_of(write(np.array(WORDS, "S"), STATES, vocabulary=np.unique(np.array(WORDS, "S")))) == WORDS
    assert words_of(write([0, 1] * 3, STATES, vocabulary=[b"a", b"b"])) == ["a", "b"] * 3


def test_ranked_lists_keep_their_values_whatever_type_comes_first(write):
    ids, weights = iter([np.zeros((3, 1), np.uint8), np.full((3, 1), 300)]), [[[1], [1], [1]], [[0.5], [0.5], [0.5]]]
    project = write(None, STATES, {"x": Ranked(ids, weights, labels=np.arange(301))})
    annotation = project.annotations["x"]
    assert annotation.values.rows(0, 6).ravel().tolist() == [0, 0, 0, 300, 300, 300]
    assert annotation.weights.rows(0, 6).ravel().tolist() == [1, 1, 1, 0.5, 0.5, 0.5]
    assert annotation.dictionary.decode([300]) == ["300"]
