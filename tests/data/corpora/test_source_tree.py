import os
import re
from collections import Counter
from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name

from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.corpora.source_tree import STANDARD_LIBRARY, lexemes, read_lexemes, read_python
from tests import demo_corpora

REAL = os.environ.get("LSTMVIS_CORPORA")
LENGTHS = Lengths(3000, 500, 1500)


@pytest.fixture
def python(tmp_path):
    return demo_corpora.write_python(tmp_path / "python")


def write(place, name, text):
    place.mkdir(exist_ok=True)
    (place / name).write_text(text)
    return place


def test_python_files_are_read_as_characters_and_no_other_files(python):
    texts = read_python(python, LENGTHS)
    assert [len(text) for text in (texts.training, texts.validation, texts.explored)] == list(LENGTHS)
    assert "def " in texts.explored
    assert "Files of Python" not in texts.training
    assert texts.training.isascii()


def test_the_texts_do_not_overlap(python):
    texts = read_python(python, Lengths(8000, 1000, 4000))
    functions = [{*re.findall(r"def (\w+)\(", text)} for text in (texts.training, texts.validation, texts.explored)]
    assert min(map(len, functions)) >= 4
    assert functions[0].isdisjoint(functions[1] | functions[2])
    assert functions[1].isdisjoint(functions[2])


def test_one_large_file_is_dealt_out_in_parts(tmp_path):
    place = write(tmp_path / "one", "large.py", "def function(a):\n    return a + 1\n\n\n" * 3000)
    texts = read_python(place, Lengths(50_000, 10_000, 20_000))
    assert [len(text) for text in (texts.training, texts.validation, texts.explored)] == [50_000, 10_000, 20_000]
    assert all(text.startswith("def function") for text in (texts.training, texts.validation, texts.explored))


def test_the_same_tree_gives_the_same_texts(python):
    assert read_python(python, LENGTHS) == read_python(python, LENGTHS)


def test_code_is_cut_into_lexemes_with_their_kinds():
    code = '@cached\ndef f(x):  # why\n\n    return len("a b") != 17\n'
    assert list(lexemes(get_lexer_by_name("python"), code)) == [
        ("@cached", "decorator"),
        ("<eos>", "white space"),
        ("def", "keyword"),
        ("f", "definition"),
        ("(", "punctuation"),
        ("x", "name"),
        (")", "punctuation"),
        (":", "punctuation"),
        ("# why", "comment"),
        ("<eos>", "white space"),
        ("return", "keyword"),
        ("len", "builtin"),
        ("(", "punctuation"),
        ('"a b"', "string"),
        (")", "punctuation"),
        ("!=", "operator"),
        ("17", "number"),
        ("<eos>", "white space"),
    ]


def test_a_comment_of_several_lines_is_one_lexeme_and_ends_none():
    code = "int a; /* one\n two */ int b; // c\nint d;\n"
    assert [text for text, _ in lexemes(get_lexer_by_name("java"), code)] == [
        *("int", "a", ";", "/* one\n two */", "int", "b", ";", "// c", "<eos>"),
        *("int", "d", ";", "<eos>"),
    ]


def test_a_literal_that_comes_often_stands_for_itself(tmp_path):
    place = write(tmp_path / "a", "a.py", "x = 1\n" * 100 + "x = 23456\n" * 20)
    texts = read_lexemes(place, LENGTHS)
    counts = Counter([*texts.training, *texts.validation, *texts.explored])
    assert counts["1"] > 80
    assert counts["<number>"] > 15
    assert "23456" not in counts


def test_the_language_is_that_of_which_there_is_most(tmp_path):
    place = write(tmp_path / "mixed", "a.py", "x = 1\n" * 30)
    write(place, "b.c", "int x = 1;\n" * 30)
    write(place, "readme.md", "# A title\n" * 1000)
    write(place, "data.json", '{"a": 1}' * 1000)
    (place / "picture.py").write_bytes(b"\xff\xfe" * 5000)
    assert {*read_lexemes(place, LENGTHS).training} == {"int", "x", "=", "<number>", ";", "<eos>"}


def test_what_was_installed_into_a_tree_is_no_part_of_it(tmp_path):
    place = write(tmp_path / "mine", "a.py", "def mine(x):\n    return x\n\n\n" * 60)
    for folder in ("node_modules/leaf", "lib/site-packages", "of_python/lib"):
        (place / folder).mkdir(parents=True)
        write(place / folder, "other.py", "def other(y):\n    return y\n\n\n" * 600)
    write(place / "of_python", "pyvenv.cfg", "home = /usr/bin\n")
    assert {*read_lexemes(place, LENGTHS).training} == {*"():x", "def", "mine", "return", "<eos>"}
    assert "other" not in read_python(place, LENGTHS).training
    assert "other" in read_python(place / "of_python", LENGTHS).training  # that is what was asked for


def test_java_that_is_packed_is_java(tmp_path):
    place = demo_corpora.write_java(tmp_path / "java")
    texts = read_lexemes(place, Lengths(2000, 200, 1000))
    assert [len(text) for text in (texts.training, texts.validation, texts.explored)] == [2000, 200, 1000]
    assert {"public", "Math", "max", "{"} < {*texts.explored}


def test_the_standard_library_is_on_this_machine():
    texts = read_python(STANDARD_LIBRARY.here(), Lengths(300_000, 10_000, 100_000))
    assert [len(text) for text in (texts.training, texts.validation, texts.explored)] == [300_000, 10_000, 100_000]
    assert texts.training.count("\ndef ") + texts.training.count("    def ") > 200


@pytest.mark.skipif(not REAL, reason="needs the files")
def test_real_java_is_read():
    texts = read_lexemes(Path(REAL) / "java", Lengths(40_000, 2_000, 10_000))
    kinds = texts.annotations["token_kind"]
    counts = Counter(kinds.labels[number] for number in kinds.values)
    assert counts["punctuation"] > counts["name"] > counts["keyword"] > counts["number"] > 0
    assert counts["other"] == 0
