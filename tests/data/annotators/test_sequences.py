from functools import partial

import numpy as np
import pytest

from lstmvis.data.annotators import ANNOTATORS
from lstmvis.data.annotators.sequences import with_sequences_apart
from lstmvis.data.arrays import Discrete

# Three sentences, without a full stop.
WORDS = ["the", "cat", "sat", "he", "said", "``", "go", "there", "now", "the", "dog", "ran", "N", "away"]


@pytest.mark.parametrize(
    ("name", "tokens", "starts", "values"),
    [
        ("sentence_position", WORDS, [0, 3, 8], [0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5]),
        ("quotation", WORDS, [0, 3, 8], [0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]),
        ("line_position", WORDS[:5], [0, 3], [0, 4, 8, 0, 3]),
        ("inside_number", WORDS, [0, 3, 8], [0] * 12 + [1, 0]),
        ("word_position", "catdog", [0, 3, 6], [1, 2, 3, 1, 2, 3]),
        ("vowels", "bya", [0, 2], [1, 0, 0]),
    ],
)
def test_no_word_line_sentence_or_quotation_goes_on_in_the_next_sequence(name, tokens, starts, values):
    made = with_sequences_apart(ANNOTATORS[name].annotate, tokens, np.array(starts))
    assert made.values.tolist() == values


@pytest.mark.parametrize(
    ("name", "options", "tokens", "starts", "values"),
    [
        ("bracket_depth", {}, "(a(b)[c)d]", [0, 2, 6], [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]),
        ("bracket_depth", {"lexer": "python"}, "'(a(b)", [0, 3], [0, 0, 0, 1, 1, 1]),
        ("inside_string", {}, 'x="""a\nb=""+c', [0, 7], [0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0]),
        ("inside_comment", {"lexer": "java"}, "a/*b*/c*/d", [0, 7], [0, 1, 1, 1, 1, 1, 0, 0, 0, 0]),
        ("token_kind", {}, ["'''", "if", "if"], [0, 2], [1, 1, 3]),
    ],
)
def test_no_bracket_string_or_comment_goes_on_in_the_next_sequence(name, options, tokens, starts, values):
    annotator = ANNOTATORS[name]
    annotate = partial(annotator.annotate, **options)
    made = with_sequences_apart(annotate, tokens, np.array(starts), told="starts" in annotator.options)
    assert made.values.tolist() == values


@pytest.mark.parametrize("starts", [[], [0], [0, 9]])
def test_a_corpus_of_one_sequence_is_read_as_it_is(starts):
    read = []
    with_sequences_apart(lambda tokens: read.append(tokens) or Discrete(tokens), "words", np.array(starts, np.int64))
    assert read == [["w", "o", "r", "d", "s"]]


def test_the_ends_of_sequences_do_not_tell_whether_each_line_is_a_sentence():
    tokens = ["It", "rained", ".", "One", "line", "\n", "goes", "on", ".", "So", "."]
    made = with_sequences_apart(ANNOTATORS["sentence_position"].annotate, tokens, np.array([0, 3, 9]))
    assert made.values.tolist() == [0, 1, 2, 0, 1, 2, 3, 4, 5, 0, 1]
