"""Annotations of written language."""

import numpy as np
import pytest

from lstmvis.data.annotators.inside_number import inside_number
from lstmvis.data.annotators.line_position import line_position
from lstmvis.data.annotators.quotation import LONGEST, quotation
from lstmvis.data.annotators.sentence_position import sentence_position
from lstmvis.data.annotators.sentences import sentence_starts
from lstmvis.data.annotators.vowels import vowels
from lstmvis.data.annotators.word_position import word_position


def marked(text, annotation):
    """The stretches of a text, or of its words, where an annotation is not 0."""
    tokens, spaced = (text.split(" "), " ") if isinstance(text, Words) else (text, "")
    values = np.asarray(annotation(tokens).values)
    assert len(values) == len(tokens)
    kept = [token if value else "\0" for token, value in zip(tokens, values, strict=True)]
    return [found.strip() for found in spaced.join(kept).split("\0") if found.strip()]


class Words(str):
    """A text whose tokens stand between single spaces."""


def digits(tokens, annotation):
    return "".join(str(int(value)) for value in annotation(tokens).values)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('"Oh, dear!" said she; "come."', ['"Oh, dear!"', '"come."']),
        ("“Oh ‘no’ dear!” said she", ["“Oh ‘no’ dear!”"]),
        ("„Ach!“ sagte sie. «Oui.»", ["„Ach!“", "«Oui.»"]),
        ("``Oh!'' said she", ["``Oh!''"]),
        ("'Oh!' said the boys' aunt. 'Don't.'", ["'Oh!'", "'Don't.'"]),
        ("'It's,' said she, ''tis true.'", ["'It's,'"]),
        ("'Twas the dogs' day in '99, 'twas", []),
        ("“It’s the boys’,” said she", ["“It’s the boys’,”"]),
        ("'So \"yes\" it is.' He", ["'So \"yes\" it is.'"]),
        ('6" of snow', []),
        (Words('" Oh , dear ! " said she ; " come . "'), ['" Oh , dear ! "', '" come . "']),
        (Words("`` Oh ! '' said Anna 's aunt , `` come . ''"), ["`` Oh ! ''", "`` come . ''"]),
        (Words('"Oh, dear!" said she'), ['"Oh, dear!"']),
        (Words("`Oh!' said the boys ' aunt"), []),
        (Words("He said : ' Oh ! ' and went . the boys ' aunt"), ["' Oh ! '"]),
        (Words("'' she said"), []),
        (Words("more than <unk> ' price <eos> a handful of boys ' toys <eos>"), []),
        (Words("of inc. ' price <eos> <eos> he said : ' oh ! <eos> ' no ' <eos> and ' yes"), ["' no '"]),
        (Words("`` the ' old <eos> man '' went"), ["`` the ' old <eos> man ''"]),
    ],
)
def test_a_quotation_goes_from_mark_to_mark(text, quoted):
    assert marked(text, quotation) == quoted


def test_a_paragraph_may_end_in_one_token():
    words = ["“", "No", ",", "\n\n", "“", "Yes", "”", "said", "she", "\n\n", "and", "went", ".", "\n\n"]
    assert "".join(map(str, quotation(words).values)) == "11101110000000"
    assert sentence_starts(words).tolist() == [0, 4, 10]


def test_one_mark_too_many_ends_with_its_paragraph():
    text = 'He said "yes. \n\n"No," she said.\n\nAnd "then" went.'
    assert marked(text, quotation) == ['"yes.', '"No,"', '"then"']
    words = Words(text.replace("\n\n", "<eos> <eos> ").replace(". <", ". <").replace('"', ' " ').replace("  ", " "))
    assert marked(words, quotation) == ['" yes.', '" No, "', '" then "']


def test_one_mark_too_many_does_no_harm_where_there_are_no_paragraphs():
    text = "so “ he " + "went on " * LONGEST + "and “yes” he " + "said " * LONGEST
    assert marked(text, quotation) == ["“", "“yes”"]
    assert marked("a “ b " + "c" * LONGEST, quotation) == ["“"]


@pytest.mark.parametrize(
    ("tokens", "kinds"),
    [
        ("aeiou", "00000"),
        ("xyz", "101"),
        ("yes day", "1012100"),
        ("Äø ß 4ж", "0021222"),
        (["the", "and"], "10"),
    ],
)
def test_letters_are_vowels_or_consonants(tokens, kinds):
    assert digits(tokens, vowels) == kinds


def test_the_characters_of_a_word_are_counted_from_1():
    assert digits("I don't-know2", word_position) == "1012345012345"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("12,000.50 at 10:30, x2 and 3.", ["12,000.50", "10:30", "3"]),
        (Words("N men of N N <unk> <eos>"), ["N", "N N"]),
        ("about N men \n N of", ["N", "N"]),
        (Words("Norwegians write N 5"), ["5"]),
        ("x22, utf16 and _12 are names, 16th is none", ["16"]),
    ],
)
def test_numbers_are_digits_or_what_stands_for_them(text, numbers):
    assert marked(text, inside_number) == numbers


def test_the_position_in_the_line_counts_characters():
    assert line_position("ab\n\ncd").values.tolist() == [0, 1, 2, 0, 0, 1]
    assert line_position(["ab", "c", "<eos>", "d", "e"]).values.tolist() == [0, 3, 5, 0, 2]


@pytest.mark.parametrize(
    "sentences",
    [
        [["He", "went", "."], ["She", "too", "!"], ["Why", "?", "!"]],
        [['"', "Oh", "!", '"', "said", "he", "."], ['"', "No", ".", '"'], ['"', "Yes", ".", '"']],
        [["``", "Oh", "!", "''"], ["She", "(", "he", ".", ")"], ["It"]],
        [["Mr.", "Smith", "came", ".", "<eos>"], ["It", "rained", ".", "<eos>"]],
        [["the", "man", "<eos>"], ["N", "of", "them", "<eos>"]],
        [["It", "<eos>", "rained", ".", "<eos>"], ["Then", "<eos>", "the", "sun", "<eos>", "came", "."], ["So"]],
        [
            ["A", "title", "<eos>", "<eos>"],
            ["it", "<eos>", "rained", "<eos>", "and", "rained", "."],
            ["Then", "."],
            ["So"],
        ],
        [["He", "came."], ["Mr.", "A.", "Smith", "went."], ['"Oh!"', "said", "he."], ["So"]],
        [["he", "went", "."], ["she", "went", "."]],
    ],
)
def test_sentences_end_where_a_reader_would_say(sentences):
    words = [word for sentence in sentences for word in sentence]
    lengths = [len(sentence) for sentence in sentences]
    assert np.diff(sentence_starts(words), append=len(words)).tolist() == lengths
    assert sentence_position(words).values.tolist() == [n for length in lengths for n in range(length)]
