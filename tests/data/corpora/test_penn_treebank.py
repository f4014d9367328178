import gzip
import os
from pathlib import Path

import pytest

from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.corpora.penn_treebank import PENN_TREEBANK, read_characters, read_words
from tests import demo_corpora

REAL = os.environ.get("LSTMVIS_CORPORA")
ALL = Lengths(10**9, 10**9, 10**9)


def test_words_and_characters_are_those_of_the_three_files(tmp_path):
    place = demo_corpora.write_treebank(tmp_path / "ptb")
    words = read_words(place, ALL)
    assert [text.count("<eos>") for text in (words.training, words.validation, words.explored)] == [300] * 3
    characters = read_characters(place, ALL)
    for text, spelled in zip(
        (words.training, words.validation, words.explored),
        (characters.training, characters.validation, characters.explored),
        strict=True,
    ):
        assert spelled.replace("\n", " <eos> ").split() == text
        assert " \n" not in spelled
        assert "\n " not in spelled


def test_texts_are_at_most_as_long_as_wanted(tmp_path):
    texts = read_words(demo_corpora.write_treebank(tmp_path / "ptb"), Lengths(100, 20, 30))
    assert [len(text) for text in (texts.training, texts.validation, texts.explored)] == [100, 20, 30]


def test_files_may_lie_deeper_and_unpacked(tmp_path):
    place = demo_corpora.write_treebank(tmp_path / "simple-examples" / "data")
    packed = place / "ptb.train.txt.gz"
    (place / "ptb.train.txt").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    assert len(read_words(tmp_path / "simple-examples", ALL).training) > 1000


@pytest.mark.skipif(not REAL, reason="needs the files")
def test_the_real_files_have_the_known_numbers_of_words_and_the_digests_that_are_checked(tmp_path):
    texts = read_words(Path(REAL) / "ptb", ALL)
    assert [len(text) for text in (texts.training, texts.validation, texts.explored)] == [929_589, 73_760, 82_430]
    assert len({*texts.training}) == 10_000
    for remote in PENN_TREEBANK.remotes:
        path = tmp_path / remote.path
        path.write_bytes(gzip.decompress((Path(REAL) / "ptb" / f"{remote.path}.gz").read_bytes()))
        assert path.stat().st_size == remote.size
        assert remote.fault(path) == ""
    path.write_bytes(path.read_bytes()[:-1])
    assert "SHA-256" in remote.fault(path)
