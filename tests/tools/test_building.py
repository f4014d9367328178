"""Demos of small corpora and small models, in which all is as it should be but what is learnt."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstmvis.data.amending import tokens_of
from lstmvis.data.corpora import nltk_data
from lstmvis.data.corpora.corpus import Corpus, Lengths
from lstmvis.data.demos import DEMOS
from lstmvis.data.doctor import examine
from lstmvis.data.downloading import DownloadError, Remote
from lstmvis.data.errors import LstmvisError
from lstmvis.data.project import Project
from lstmvis.models import training
from lstmvis.models.checkpoint import load_checkpoint
from lstmvis.models.language_model import Configuration
from lstmvis.models.training import Settings
from lstmvis.tools import building
from lstmvis.tools.cli import main
from lstmvis.tools.demo import project_id
from lstmvis.tools.made import Made, read_made, require_made_so
from tests import demo_corpora
from tests.conftest import TINY, tiny

ANNOTATIONS = {
    "childrens-books": ["quotation", "part_of_speech", "sentence_position"],
    "wsj-words": ["part_of_speech", "sentence_position"],
    "wsj-chunks": ["chunk", "part_of_speech", "sentence_position"],
    "wsj-chars": ["inside_number", "vowels", "word_position"],
    "python": ["inside_comment", "inside_string", "token_kind", "bracket_depth", "indentation"],
    "code": ["token_kind", "bracket_depth"],
    "chords": ["key", "function", "bar_position"],
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(nltk_data, "find", lambda path: None)
    return tmp_path / "cache" / "lstmvis"


@pytest.fixture
def tunes(tmp_path):
    return demo_corpora.write_tunes(tmp_path / "tunes")


def run(*arguments):
    return main(["demo", "--no-serve", *map(str, arguments)])


@pytest.mark.parametrize("name", ANNOTATIONS)
def test_a_demo_is_a_sound_project_with_its_annotations(tiny_demos, name):
    assert examine(tiny_demos / name).faults == 0
    project = Project(tiny_demos / name)
    assert list(project.annotations) == [*ANNOTATIONS[name], "prediction", "loss"]
    assert list(project.sources) == ["states::layer1/cell", "states::layer1/hidden"]
    assert project.name == DEMOS[name].name
    assert project.description.startswith(DEMOS[name].look)
    assert json.loads((tiny_demos / name / "history.json").read_text())["model"]["cells"] == 12


@pytest.mark.parametrize(
    ("name", "read"),
    [("code", "tokens (read from python): "), ("chords", "chords (read from tunes): "), ("wsj-words", "words (read")],
)
def test_the_description_says_how_much_was_read_of_what(tiny_demos, name, read):
    project = Project(tiny_demos / name)
    assert f" {project.steps:,} {read}" in project.description


@pytest.mark.parametrize("name", ANNOTATIONS)
def test_the_first_view_is_about_labels_that_come_in_the_demo(tiny_demos, name):
    annotation, labels = DEMOS[name].opening
    found = Project(tiny_demos / name).annotations[annotation]
    present = found.dictionary.decode(np.unique(found.values.integers(0, len(found.values))))
    assert {*labels} <= {*present}


def test_a_model_reads_words_in_small_letters_and_numbers_as_one(tiny_demos):
    words = tokens_of(Project(tiny_demos / "wsj-chunks"))
    assert "N" in words
    assert not {"12", "3.5"} & {*words}
    words = tokens_of(Project(tiny_demos / "childrens-books"))
    assert {"“", "”", "<eos>", "said"} < {*words}
    assert not any(word[:1].isupper() for word in words)


def test_each_tune_is_a_sequence_that_begins_with_eos(tiny_demos):
    project = Project(tiny_demos / "chords")
    words = tokens_of(project)
    assert [place for place, word in enumerate(words) if word == "<eos>"] == project.sequence_starts.tolist()
    assert len(project.sequence_starts) == 53  # of 17 tokens each, as many as fit into 900


def test_the_model_of_a_demo_is_of_the_sizes_that_the_recipe_says():
    for recipe in DEMOS.values():
        for sizes in recipe.sizes.values():
            for size in sizes:
                Configuration(10, **size.model)
                assert Settings(**size.training).epochs > 1
                assert size.vocabulary is None or recipe.unit == "words"


def test_the_paper_sizes_are_those_of_lstmvis():
    sizes = {
        name: [(size.model.get("layers", 1), size.model["cells"]) for size in recipe.sizes["paper"]]
        for name, recipe in DEMOS.items()
    }
    assert sizes["childrens-books"] == [(1, 200), (4, 500)]
    assert sizes["wsj-words"] == sizes["wsj-chunks"] == sizes["wsj-chars"] == [(2, 650)]


def test_a_size_of_two_models_makes_two_projects(tmp_path, tunes, monkeypatch):
    sizes = {"paper": (replace(TINY, suffix="a"), replace(TINY, suffix="b"))}
    monkeypatch.setitem(DEMOS, "chords", replace(tiny(DEMOS["chords"]), sizes=sizes))
    assert run("chords", "--size", "paper", "--corpus", tunes, "--data-dir", tmp_path / "data") == 0
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["chords-paper-a", "chords-paper-b"]
    assert project_id("chords", "small", TINY) == "chords"


def test_a_demo_that_is_there_is_not_given_for_one_of_another_corpus_or_training(tmp_path, tunes, monkeypatch, capsys):
    monkeypatch.setitem(DEMOS, "chords", tiny(DEMOS["chords"]))
    mine = demo_corpora.write_tunes(tmp_path / "mine", tunes=50)
    command = ["chords", "--data-dir", tmp_path / "data"]
    assert run(*command, "--corpus", tunes, "--epochs", 1) == 0

    def model():
        return (tmp_path / "data" / "chords" / "model.pt").read_bytes()

    before = model()
    for others, difference in (
        (["--corpus", mine], f"made of {tunes} in 1 epoch, not of {mine}: --rebuild makes it anew in its place"),
        (["--corpus", tunes, "--epochs", 2], f"made of {tunes} in 1 epoch, not in 2 epochs: --rebuild"),
    ):
        assert run(*command, *others) == 1
        assert f"{tmp_path / 'data' / 'chords'} is there already, {difference}" in capsys.readouterr().err
    for same in ([], ["--corpus", tunes], ["--epochs", 1]):
        assert run(*command, *same) == 0
        assert f"is there already, made of {tunes} in 1 epoch; --rebuild makes it anew" in capsys.readouterr().out
    assert model() == before
    assert run(*command, "--corpus", mine, "--rebuild") == 0
    assert run(*command, "--corpus", mine) == 0


def test_of_a_demo_that_nobody_has_written_down_it_is_not_known_what_it_is_made_of(tmp_path):
    assert read_made(tmp_path) == Made(None, None)
    for history in ("[]", "{", '{"training": {}}'):
        (tmp_path / "history.json").write_text(history)
        assert str(require_made_so(tmp_path, None, None)) == "of what is not known"


def test_training_that_was_stopped_goes_on_where_it_was(tmp_path, tunes, cache, monkeypatch, capsys):
    monkeypatch.setitem(DEMOS, "chords", tiny(DEMOS["chords"]))
    command = ["chords", "--corpus", tunes, "--epochs", 3, "--data-dir", tmp_path / "data"]
    read_once, epochs = training._read_once, []

    def stop_in_the_second(*arguments):
        epochs.append(arguments[5])
        if epochs == [1, 2]:
            raise KeyboardInterrupt
        return read_once(*arguments)

    monkeypatch.setattr(training, "_read_once", stop_in_the_second)
    assert run(*command) == 130
    assert "the same command goes on from there" in capsys.readouterr().out
    assert list((tmp_path / "data").iterdir()) == []
    assert run(*command) == 0
    assert epochs == [1, 2, 2, 3]
    assert len(load_checkpoint(tmp_path / "data" / "chords" / "model.pt").history) == 3
    assert list((cache / "demos").iterdir()) == []


def test_a_model_that_was_trained_is_used_where_what_came_after_was_stopped(tmp_path, tunes, monkeypatch):
    monkeypatch.setitem(DEMOS, "chords", tiny(DEMOS["chords"]))
    command = ["chords", "--corpus", tunes, "--data-dir", tmp_path / "data"]

    def stop(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(building, "extract_with_progress", stop)
        assert run(*command) == 130
    monkeypatch.setattr(building, "train_with_progress", None)
    assert run(*command) == 0


def test_an_opening_view_is_looked_for_again_where_that_was_stopped_and_only_there(tmp_path, tunes, cache, monkeypatch):
    monkeypatch.setitem(DEMOS, "chords", tiny(DEMOS["chords"]))
    command = ["chords", "--corpus", tunes, "--data-dir", tmp_path / "data"]
    looked = []

    def stop_at_first(directory, annotation, labels, **options):
        looked.append((directory.name, annotation, labels))
        if len(looked) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(building, "choose_opening", stop_at_first)
    assert run(*command) == 130
    monkeypatch.setattr(building, "train_with_progress", None)
    assert run(*command) == run(*command) == 0
    assert looked == [("chords", *DEMOS["chords"].opening)] * 2
    assert list((cache / "demos").iterdir()) == []


def test_another_training_than_the_one_that_was_stopped_begins_anew(tmp_path, tunes, monkeypatch):
    monkeypatch.setitem(DEMOS, "chords", tiny(DEMOS["chords"]))
    command = ["chords", "--corpus", tunes, "--data-dir", tmp_path / "data"]

    def stop(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(building, "extract_with_progress", stop)
        assert run(*command, "--epochs", 1) == 130
    assert run(*command, "--epochs", 2) == 0
    assert len(load_checkpoint(tmp_path / "data" / "chords" / "model.pt").history) == 2


def test_a_training_whose_file_is_damaged_begins_anew(tmp_path, tunes, monkeypatch, capsys):
    monkeypatch.setitem(DEMOS, "chords", tiny(DEMOS["chords"]))
    command = ["chords", "--corpus", tunes, "--data-dir", tmp_path / "data"]
    save = training.save_unfinished

    def save_half(path, *arguments):
        save(path, *arguments)
        file = path.with_name(f"{path.name}.unfinished")
        file.write_bytes(file.read_bytes()[:100])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "save_unfinished", save_half)
        assert run(*command) == 130
    assert run(*command) == 0
    assert "begins anew" in capsys.readouterr().out


def test_a_corpus_that_is_not_there_is_told_with_what_it_may_be(tmp_path, capsys):
    assert run("wsj-words", "--corpus", tmp_path / "nowhere", "--data-dir", tmp_path / "data") == 1
    assert "ptb.train.txt" in capsys.readouterr().err
    assert run("parens", "--corpus", tmp_path, "--data-dir", tmp_path / "data") == 1
    assert "there is no --corpus to give" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_where_nothing_can_be_downloaded_one_message_says_what_to_get_and_where_to_put_it(
    tmp_path, cache, monkeypatch, capsys
):
    remote = Remote("http://127.0.0.1:9/ptb.train.txt", "ptb.train.txt", 5, lambda path: "")
    corpus = Corpus("words", "nobody", "none", "a directory with ptb.train.txt", "ptb", (remote,))
    monkeypatch.setitem(DEMOS, "wsj-words", replace(DEMOS["wsj-words"], corpus=corpus))
    assert run("wsj-words", "--data-dir", tmp_path / "data") == 1
    told = capsys.readouterr().err
    assert f"  http://127.0.0.1:9/ptb.train.txt\n      as {cache / 'corpora' / 'ptb' / 'ptb.train.txt'}\n" in told
    assert "Or say where there is a copy: --corpus PATH, PATH being a directory with ptb.train.txt." in told
    tagger = nltk_data.TAGGER
    assert f"  {tagger.url}\n      as {cache / 'corpora' / 'nltk_data' / tagger.path}\n" in told
    assert not (tmp_path / "data").exists()


def test_without_its_tagger_a_demo_says_so_before_it_trains(tmp_path, monkeypatch):
    monkeypatch.setattr(nltk_data, "TAGGER", replace(nltk_data.TAGGER, url="http://127.0.0.1:9/tagger.zip"))
    corpus = demo_corpora.write_treebank(tmp_path / "ptb")
    with pytest.raises(DownloadError, match="NLTK_DATA"):
        building.build(DEMOS["wsj-words"], TINY, tmp_path / "data", corpus)


def test_a_corpus_on_this_machine_is_not_downloaded(tmp_path, monkeypatch):
    recipe = replace(DEMOS["wsj-chunks"], corpus=replace(DEMOS["wsj-chunks"].corpus, here=lambda: tmp_path))
    assert building.find_corpus(recipe, None) == tmp_path
    assert building.find_corpus(recipe, Path("/")) == Path("/")


def test_a_directory_without_the_corpus_is_told_by_what_is_missing(tmp_path):
    (tmp_path / "empty").mkdir()
    for name, missing in (("wsj-words", "ptb.train.txt"), ("wsj-chunks", "train.txt"), ("childrens-books", "book")):
        with pytest.raises(LstmvisError, match=missing):
            DEMOS[name].texts(tmp_path / "empty", Lengths(9, 9, 9))
    for name in ("python", "code", "chords"):
        with pytest.raises(LstmvisError, match="too little"):
            DEMOS[name].texts(tmp_path / "empty", Lengths(9, 9, 9))


def test_without_a_name_all_demos_are_listed_with_what_they_take_and_whether_they_are_made(tiny_demos, capsys):
    assert run("--data-dir", tiny_demos) == 0
    listed = capsys.readouterr().out
    assert [name for name in DEMOS if f"\n{name}: " in f"\n{listed}"] == list(DEMOS)
    for name, recipe in DEMOS.items():
        assert recipe.shows in listed
        assert (f"made: {tiny_demos / name}\n" in listed) == (name != "parens")
    assert "7 MB from gutenberg.pglaf.org" in listed
