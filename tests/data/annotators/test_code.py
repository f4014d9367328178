"""Annotations of programs."""

import sysconfig
import tokenize
from pathlib import Path

import numpy as np
import pytest

from lstmvis.data.annotators.bracket_depth import LONGEST, bracket_depth
from lstmvis.data.annotators.code import COMMENT, LABELS, STRING, inside_comment, inside_string, token_kind
from lstmvis.data.annotators.indentation import indentation
from lstmvis.data.errors import LstmvisError

MODULE = '''"""Of it.

    def f(: this is no code
"""
import os

def f(x):
    """Return x."""
    return "a" + x  # not b

class A:
    b = """
import os, as it were
"""
'''


def digits(tokens, annotation, **options):
    return "".join(str(int(value)) for value in annotation(tokens, **options).values)


def kinds(tokens, **options):
    found = token_kind(tokens, **options)
    return [found.labels[number] for number in found.values]


@pytest.mark.parametrize(
    ("tokens", "depths"),
    [
        ("f(a[1], {})b", "011222112210"),
        ("a) (b", "00000"),
        ("([)]x", "11100"),
        ("(x [ ) y", "11111100"),
        (["f", "(", "x", ")", "y"], "01110"),
        (["f(", "x)", "y"], "110"),
        ("(" + "x" * LONGEST + ")", "0" * (LONGEST + 2)),
        ("(" + "[" * 5 + "a) ]", "1" * 8 + "00"),
    ],
)
def test_the_depth_counts_brackets_that_have_their_counterpart(tokens, depths):
    assert digits(tokens, bracket_depth) == depths


def test_brackets_that_are_never_closed_do_not_make_it_slow():
    """They are looked at once, and not for every bracket of another kind, which for so many would take an hour."""
    assert not bracket_depth("(" * 200_000 + "]" * 200_000).values.any()


def test_very_deep_brackets_are_alike():
    found = bracket_depth("(" * 12 + ")" * 12)
    assert found.labels == [*map(str, range(10)), "10 or more"]
    assert found.values.tolist() == [*range(1, 11), *[10] * 4, *range(10, 0, -1)]


def test_brackets_in_strings_and_comments_do_not_count_where_the_language_is_given():
    assert digits('f("(")#)', bracket_depth, lexer="python") == "01111100"


def test_the_whole_line_has_its_indentation_and_an_empty_one_that_of_the_line_before():
    assert digits("a\n  b c\n\n\td\n   \n#\n", indentation) == "00" + "22222" + "22" + "8888888" + "00"
    assert digits(["if", "x", ":", "\n", "    ", "y", "\n"], indentation) == "0000444"


def test_tokens_have_the_kinds_of_the_language():
    assert kinds(["def", " ", "f", "(", "x", ")", ":", " ", "return", " ", "'a'", " ", "+", " ", "1", " ", "# b"]) == [
        "keyword", "white space", "definition", "punctuation", "name", "punctuation", "punctuation", "white space",
        "keyword", "white space", "string", "white space", "operator", "white space", "number", "white space",
        "comment",
    ]  # fmt: skip
    assert kinds(["int", "x", "=", "<unk>", ";", "//", "no", "<eos>", "y"], lexer="java") == [
        "keyword", "name", "operator", "name", "punctuation", "comment", "comment", "white space", "name",
    ]  # fmt: skip


def stretches(text, annotation):
    kept = "".join(c if value else "\0" for c, value in zip(text, annotation(text).values, strict=True))
    return [found for found in kept.split("\0") if found]


def test_strings_and_comments_are_found():
    assert stretches(MODULE, inside_string) == [
        MODULE[: MODULE.index("\nimport")], '"""Return x."""', '"a"', MODULE[MODULE.rindex('"""\nimport') : -1]
    ]  # fmt: skip
    assert stretches(MODULE, inside_comment) == ["# not b"]


@pytest.mark.parametrize("cut", ["Of it.", "this is", "Return x", "not b"])
def test_a_string_that_a_cut_turns_inside_out_is_turned_back_at_the_next_definition(cut):
    later = "\n\ndef g(y):\n    '''Return y.'''\n    return 'c'  # d\n"
    code = MODULE[MODULE.index(cut) :] + later
    assert stretches(code, inside_string)[-2:] == ["'''Return y.'''", "'c'"]
    assert stretches(code, inside_comment)[-1] == "# d"


def test_broken_files_laid_end_to_end_are_read_on():
    code = (MODULE + "x = '''never closed\n") * 3 + MODULE
    assert stretches(code, inside_comment) == ["# not b"] * 4


def tokenized(path):
    """The kinds of string and comment (characters,) as Python's own tokenizer finds them, and the text."""
    text = path.read_text(encoding="utf-8")
    lines = np.cumsum([0, *map(len, text.splitlines(keepends=True))])
    kinds = np.zeros(len(text), int)
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type in (tokenize.STRING, tokenize.COMMENT) and not token.string.startswith(("f", "F")):
                first, last = lines[token.start[0] - 1] + token.start[1], lines[token.end[0] - 1] + token.end[1]
                kinds[first:last] = 1 + (token.type == tokenize.COMMENT)
    return kinds, text


@pytest.mark.parametrize("name", ["textwrap", "bisect", "heapq", "copy"])
def test_python_files_are_read_as_python_reads_them(name):
    expected, text = tokenized(Path(sysconfig.get_path("stdlib")) / f"{name}.py")
    found = np.asarray(token_kind(text).values)
    is_string, is_comment = found == STRING, found == COMMENT
    assert (is_comment == (expected == 2)).all()
    assert is_string[expected == 1].mean() > 0.999
    assert (expected[is_string] == 1).mean() > 0.9  # the rest is in f-strings
    assert set(LABELS) >= set(kinds(text))


def test_a_language_that_pygments_does_not_know_is_refused():
    with pytest.raises(LstmvisError, match="Pygments has no lexer 'klingon'"):
        token_kind("a", lexer="klingon")
