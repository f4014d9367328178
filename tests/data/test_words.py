import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.errors import CorpusError
from lstmvis.data.words import encode, split, unknown, vocabulary_of

WORDS = st.lists(st.text("abc", min_size=1, max_size=3), max_size=60)


@given(lines=st.lists(WORDS, min_size=1, max_size=8), end=st.sampled_from(["", "\n"]))
def test_every_line_is_its_words_and_an_end(lines, end):
    if lines[-1] == [] and not end:
        lines = [*lines[:-1], ["a"]]
    text = "\n".join(" \t ".join(line) for line in lines) + end
    assert split(text, line_ends=True) == [word for line in lines for word in [*line, "<eos>"]]
    assert split(text, line_ends=False) == [word for line in lines for word in line]


def test_only_line_feeds_end_lines():
    assert split("a\x0bb\u2028c\rd\n\n e \n", line_ends=True) == ["a", "b", "c", "d", "<eos>", "<eos>", "e", "<eos>"]


@given(words=WORDS)
def test_ids_give_the_words_back(words):
    vocabulary = vocabulary_of(words)
    assert [vocabulary[index] for index in encode(words, vocabulary)] == words


@given(words=WORDS, limit=st.integers(1, 30))
def test_a_limited_vocabulary_keeps_the_most_frequent_words(words, limit):
    vocabulary = vocabulary_of(words, limit)
    kept = set(vocabulary) - {"<unk>"}
    dropped = set(words) - kept
    assert len(vocabulary) == len(set(vocabulary)) <= limit
    assert ("<unk>" in vocabulary) == bool(dropped)
    assert all(words.count(word) >= words.count(other) for word in kept for other in dropped)
    assert encode(words, vocabulary).tolist() == [vocabulary.index(word if word in kept else "<unk>") for word in words]


def test_the_text_s_own_unk_is_the_one_that_stands_for_rare_words():
    words = ["<unk>", "<unk>", "<unk>", "a", "a", "b", "b", "c"]
    assert vocabulary_of(words) == ["<unk>", "a", "b", "c"]
    assert vocabulary_of(words, limit=3) == ["a", "b", "<unk>"]


def test_ids_take_as_few_bytes_as_they_can():
    assert encode(["b"], ["a", "b"]).dtype == np.uint8
    assert encode(["7"], [str(number) for number in range(300)]).dtype == np.uint16


def test_unknown_words_are_named_where_nothing_can_stand_for_them():
    words = [f"w{number}" for number in range(12)]
    assert unknown([*words, "w3", "a"], ["a"]) == dict.fromkeys(words, 1) | {"w3": 2}
    with pytest.raises(CorpusError) as error:
        encode([*words, "w3", "a"], ["a"], "letter.txt")
    assert str(error.value) == (
        "letter.txt: the model does not know 'w0' 'w1' 'w2' 'w3' 'w4' 'w5' 'w6' 'w7' 'w8' 'w9' and 2 more, "
        "and its vocabulary has no <unk> to stand for them."
    )
