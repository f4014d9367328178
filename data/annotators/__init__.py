"""Annotations that are made of the tokens alone: by name, a function from T tokens to T values.

    from lstmvis.data.annotators import ANNOTATORS

    ANNOTATORS["quotation"].annotate(["``", "Yes", ",", "''", "said", "she", "."])

To add one, write a file with a function `(tokens: Sequence[str]) -> Discrete | Scalar` beside these, and name it below.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lstmvis.data.annotators.bracket_depth import bracket_depth
from lstmvis.data.annotators.code import inside_comment, inside_string, token_kind
from lstmvis.data.annotators.indentation import indentation
from lstmvis.data.annotators.inside_number import inside_number
from lstmvis.data.annotators.line_position import line_position
from lstmvis.data.annotators.part_of_speech import part_of_speech
from lstmvis.data.annotators.quotation import quotation
from lstmvis.data.annotators.sentence_position import sentence_position
from lstmvis.data.annotators.vowels import vowels
from lstmvis.data.annotators.word_position import word_position
from lstmvis.data.arrays import Discrete, Scalar
from lstmvis.data.tokens import Unit


@dataclass(frozen=True)
class Annotator:
    """A function of the tokens, and what a person is told about it."""

    annotate: Callable[..., Discrete | Scalar]
    sentence: str
    units: tuple[Unit, ...] = ("characters", "words")
    options: tuple[str, ...] = ()
    """What else `annotate` may be given by name: a `lexer`, NLTK's `data`, a `progress` to report to, and `starts`,
    the first tokens of sequences, where an empty line between these is not enough."""


ANNOTATORS = {
    "part_of_speech": Annotator(
        part_of_speech,
        "noun, verb and ten more kinds of English words, as NLTK tags them",
        ("words",),
        ("data", "progress"),
    ),
    "sentence_position": Annotator(
        sentence_position, "how many tokens stand before a word in its sentence", ("words",)
    ),
    "quotation": Annotator(quotation, "inside quotation marks"),
    "bracket_depth": Annotator(bracket_depth, "in how many pairs of brackets", options=("lexer", "starts")),
    "line_position": Annotator(line_position, "how many characters stand before a token in its line"),
    "indentation": Annotator(indentation, "of code: how many columns the line is indented"),
    "vowels": Annotator(vowels, "vowel, consonant or other", ("characters",)),
    "word_position": Annotator(word_position, "which character of a word, 0 between words", ("characters",)),
    "inside_number": Annotator(inside_number, "inside a number"),
    "token_kind": Annotator(
        token_kind, "of code: keyword, name, string, comment and so on", options=("lexer", "starts")
    ),
    "inside_string": Annotator(inside_string, "of code: inside a string", options=("lexer", "starts")),
    "inside_comment": Annotator(inside_comment, "of code: inside a comment", options=("lexer", "starts")),
}
"""By name; a project's annotation gets the same name unless another is given."""
