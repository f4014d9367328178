import os
from pathlib import Path

import pytest

from lstmvis.data.annotators.part_of_speech import LABELS, UNIVERSAL, part_of_speech

WORDS = ["The", "cat", "slept", ".", "<eos>", "N", "<unk>", "dogs", "ran", "!", "<eos>"]


TAGS = {"The": "DT", "slept": "VBD", "ran": "VBD", ".": ".", "!": ".", "10": "CD", "odd": "?"}


class Tagger:
    """Tags by a table, and remembers what it was given."""

    def __init__(self):
        self.sentences = []

    def __call__(self, words):
        self.sentences.append(words)
        return [TAGS.get(word, "NN") for word in words]


def tags(words, **options):
    found = part_of_speech(words, tagger=Tagger(), **options)
    return [found.labels[number] for number in found.values]


def test_each_word_gets_the_universal_tag_and_line_ends_are_punctuation():
    assert tags(WORDS) == ["DET", "NOUN", "VERB", ".", ".", "NOUN", "NOUN", "NOUN", "VERB", ".", "."]
    assert tags(["odd", "cat"]) == ["X", "NOUN"]
    assert tags([]) == []


def test_the_tagger_is_given_sentences_without_line_ends():
    tagger = Tagger()
    part_of_speech(WORDS, tagger=tagger)
    assert tagger.sentences == [WORDS[:4], WORDS[5:10]]


def test_n_is_a_number_in_a_text_in_small_letters():
    assert tags(["the", "N", "dogs", "ran", "<eos>"])[1] == "NUM"
    assert tags(["The", "N", "dogs"])[1] == "NOUN"


def test_marks_that_are_attached_to_a_word_are_not_looked_at():
    tagger = Tagger()
    part_of_speech(['"The', "cat,", "(slept)", "don't", "--", '"', "U.S."], tagger=tagger)
    assert tagger.sentences == [["The", "cat", "slept", "don't", "--", '"', "U.S"]]


def test_marks_that_are_words_are_tagged_as_the_penn_treebank_writes_them():
    tagger = Tagger()
    part_of_speech(["“", "It", "is", "n't", "Tom", "'s", "—", "’s", ",", "”"], tagger=tagger)
    assert tagger.sentences == [["``", "It", "is", "n't", "Tom", "'s", "--", "'s", ",", "''"]]


def test_progress_adds_up_to_all_tokens():
    told = []
    part_of_speech(["It", "was", "."] * 5000, tagger=Tagger(), progress=told.append)
    assert sum(told) == 15_000
    assert len(told) > 2


@pytest.mark.skipif("LSTMVIS_CORPORA" not in os.environ, reason="needs NLTK's data")
def test_the_tags_are_those_of_nltk(monkeypatch):
    import nltk
    from nltk.tag import mapping

    data = Path(os.environ["LSTMVIS_CORPORA"]) / "nltk_data"
    monkeypatch.setattr(nltk.data, "path", [str(data)])
    of_nltk = mapping.tagset_mapping("en-ptb", "universal")
    assert {tag: of_nltk[tag] for tag in UNIVERSAL if tag in of_nltk} == {
        tag: label for tag, label in UNIVERSAL.items() if tag in of_nltk
    }
    words = ["The", "old", "man", "quickly", "gave", "her", "two", "of", "his", "books", ",", "did", "n't", "he", "?"]
    assert [LABELS[number] for number in part_of_speech(words).values] == [
        tag for _, tag in nltk.pos_tag(words, tagset="universal")
    ]
