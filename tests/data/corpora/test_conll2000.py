import os
import zipfile
from pathlib import Path

import pytest

from lstmvis.data.corpora import nltk_data
from lstmvis.data.corpora.as_read import lower_case_without_numbers
from lstmvis.data.corpora.conll2000 import CONLL2000, read_characters, read_words
from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.errors import CorpusError
from tests import demo_corpora

REAL = os.environ.get("LSTMVIS_CORPORA")
SENTENCES = "The DT B-NP\nfox NN I-NP\nsaw VBD B-VP\n12 CD B-NP\n. . O\n\n\nYes UH B-INTJ\n. . O\n\n"


@pytest.fixture
def small(tmp_path):
    for name in ("train.txt", "test.txt"):
        (tmp_path / name).write_text(SENTENCES * 3)
    return tmp_path


def labels(texts, name):
    values = texts.annotations[name]
    return [values.labels[number] for number in values.values]


def test_words_have_the_chunk_and_the_part_of_speech_that_people_have_marked(small):
    texts = read_words(small, Lengths(10, 6, 8))
    assert texts.explored == ["The", "fox", "saw", "12", ".", "<eos>", "Yes", "."]
    assert labels(texts, "chunk") == ["NP", "NP", "VP", "NP", "none", "none", "other", "none"]
    assert labels(texts, "part_of_speech") == ["DET", "NOUN", "VERB", "NUM", ".", ".", "X", "."]


def test_the_three_texts_do_not_overlap(small):
    texts = read_words(small, Lengths(14, 5, 33))  # of 27 + 27 tokens
    train = ["The", "fox", "saw", "12", ".", "<eos>", "Yes", ".", "<eos>"] * 3
    assert texts.training == train[:14]
    assert texts.validation == train[16:21]
    assert texts.explored == [*train[21:], *train]


def test_a_short_corpus_is_divided_in_the_same_proportion(small):
    texts = read_words(small, Lengths(120, 60, 360))
    assert [len(text) for text in (texts.training, texts.validation, texts.explored)] == [12, 6, 36]


def test_characters_are_the_same_text(small):
    texts = read_characters(small, Lengths(30, 10, 29))
    assert texts.explored == "The fox saw 12 .\nYes .\nThe fo"


def test_the_package_is_found_in_a_folder_of_nltk_packed_or_not_or_as_a_file(tmp_path):
    folder = demo_corpora.write_chunks(tmp_path / "nltk_data")
    package = folder / "corpora" / "conll2000.zip"
    read = [read_words(place, Lengths(99, 9, 50)) for place in (folder, package, package.parent)]
    with zipfile.ZipFile(package) as archive:
        archive.extractall(package.parent)
    package.unlink()
    read += [read_words(place, Lengths(99, 9, 50)) for place in (folder, package.parent, package.with_suffix(""))]
    assert all(texts.training == read[0].training and texts.explored == read[0].explored for texts in read)


def test_what_is_not_the_corpus_is_told(tmp_path, small):
    (small / "train.txt").write_text("The DT B-NP\nfox NN\n")
    with pytest.raises(CorpusError, match="Line 2 of a CoNLL-2000 file is 'fox NN'"):
        read_words(small, Lengths(9, 9, 9))
    (tmp_path / "conll2000.zip").write_bytes(b"PK")
    with pytest.raises(CorpusError, match="not NLTK's package"):
        read_words(tmp_path / "conll2000.zip", Lengths(9, 9, 9))


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("The", "the"),
        ("1,250.5", "N"),
        ("1989", "N"),
        ("-3", "N"),
        ("1\\/2", "N"),
        ("747s", "747s"),
        ("<eos>", "<eos>"),
    ],
)
def test_numbers_are_read_as_one(word, read):
    assert lower_case_without_numbers(word) == read


def test_nltk_data_is_found_where_nltk_looks_packed_or_not(tmp_path, monkeypatch):
    demo_corpora.write_tagger(demo_corpora.write_chunks(tmp_path / "there"))
    monkeypatch.setenv("NLTK_DATA", os.pathsep.join([str(tmp_path / "nowhere"), str(tmp_path / "there")]))
    assert CONLL2000.here() == nltk_data.find(nltk_data.TAGGER.path) == tmp_path / "there"
    monkeypatch.setattr(nltk_data, "_folders", lambda: [tmp_path])
    assert CONLL2000.here() is None


@pytest.mark.skipif(not REAL, reason="needs the package")
def test_the_real_package_has_the_known_numbers_of_words_and_is_what_is_checked():
    folder = Path(REAL) / "nltk_data"
    words, sentences = 211_727, 8_936
    texts = read_words(folder, Lengths(words + sentences - 20_000, 20_000, 47_377 + 2_012))
    assert len(texts.training) + len(texts.validation) == words + sentences
    assert (texts.training + texts.validation).count("<eos>") == sentences
    assert texts.explored.count("<eos>") == 2_012
    [remote] = CONLL2000.remotes
    assert remote.fault(folder / remote.path) == ""
    assert (folder / remote.path).stat().st_size == remote.size
    chunks = labels(texts, "chunk")
    assert chunks.count("NP") / len(chunks) == pytest.approx(0.54, abs=0.02)


@pytest.mark.skipif(not REAL, reason="needs the tagger")
def test_the_real_tagger_is_what_is_checked_and_is_unpacked_for_nltk(tmp_path):
    path = nltk_data.TAGGER.path
    unpacked = (Path(REAL) / "nltk_data" / path).with_suffix("")
    (tmp_path / path).parent.mkdir()
    with zipfile.ZipFile(tmp_path / path, "w") as archive:
        for file in unpacked.iterdir():
            archive.write(file, f"{unpacked.name}/{file.name}")
    assert nltk_data.TAGGER.fault(tmp_path / path) == ""
    nltk_data.unpack(tmp_path, path)
    assert {file.name for file in (tmp_path / path).with_suffix("").iterdir()} == {f.name for f in unpacked.iterdir()}
