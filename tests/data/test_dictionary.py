import os

import pytest

from lstmvis.data.dictionary import Dictionary, read_dictionary, write_dictionary
from lstmvis.data.errors import ProjectError


@pytest.fixture
def read(tmp_path):
    def write_and_read(name, text):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_dictionary(path)

    return write_and_read


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("the 1\ncat 2\n", {"the": 1, "cat": 2}),
        ("the 1\r\ncat 2\r\n", {"the": 1, "cat": 2}),
        ("the\t1\n\n \ncat   2  ", {"the": 1, "cat": 2}),
        ("  3\na 4", {" ": 3, "a": 4}),  # LSTMVis's token of one space
        ("     3\na 4", {" ": 3, "a": 4}),
        ("\u00a0 3\n\u2028 4\n\x85 5", {"\u00a0": 3, "\u2028": 4, "\x85": 5}),
        ("1 1\n-1 -1\n2 3 7", {"1": 1, "-1": -1, "2 3": 7}),
        ("héé 0\n日本 1\n<b> 2", {"héé": 0, "日本": 1, "<b>": 2}),
        ("the 1\ncat\n7", {"the": 1}),  # LSTMVis passes over what is no pair
        ("", {}),
    ],
)
@pytest.mark.parametrize("ending", ["dict", "txt"])
def test_lines_of_token_and_id_are_read(read, ending, text, ids):
    assert read(f"words.{ending}", text).ids == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ('["a", " ", "\\n", "  "]', {"a": 0, " ": 1, "\n": 2, "  ": 3}),
        ('{"a": 5, "\\t": -1}', {"a": 5, "\t": -1}),
        ("[]", {}),
    ],
)
def test_json_is_a_list_of_tokens_or_an_object_of_ids(read, text, ids):
    assert read("words.json", text).ids == ids


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("w.dict", "the 1\ncat 1x\n", "Dictionary w.dict, line 2: expected `token id`, found 'cat 1x'."),
        ("w.txt", "\nthe 1.5\n", "Dictionary w.txt, line 2: expected `token id`, found 'the 1.5'."),
        ("w.json", "[1, 2]", "Dictionary w.json must hold a JSON list of tokens, or an object of ids by token."),
        ("w.json", '{"a": true}', "Dictionary w.json must hold a JSON list of tokens, or an object of ids by token."),
        ("w.json", '"a"', "Dictionary w.json must hold a JSON list of tokens, or an object of ids by token."),
        ("w.json", "[", "Dictionary w.json is not JSON: Expecting value: line 1 column 2 (char 1)."),
        ("w.hdf5", "the 1", "The name of dictionary w.hdf5 must end in .dict, .txt, .json."),
        ("w.json", "[" * 100_000, "Dictionary w.json is not JSON"),
    ],
)
def test_what_is_no_dictionary_is_refused_with_its_place(read, name, text, sentence):
    with pytest.raises(ProjectError) as caught:
        read(name, text)
    assert str(caught.value).startswith(sentence)


def test_a_missing_dictionary_is_named(tmp_path):
    with pytest.raises(ProjectError, match=r"^Dictionary none\.dict cannot be read: No such file or directory\.$"):
        read_dictionary(tmp_path / "none.dict")


@pytest.mark.parametrize(("name", "text"), [("w.dict", f"a {10**18}"), ("w.json", f'{{"a": {2**63}}}')])
def test_an_id_that_64_bits_do_not_hold_is_none(read, name, text):
    with pytest.raises(ProjectError, match=r"expected `token id`|must hold a JSON list of tokens"):
        read(name, text)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "words.json")
    with pytest.raises(ProjectError, match=r"Dictionary words.json is not a file"):
        read_dictionary(tmp_path / "words.json")


def test_bytes_that_are_not_utf8_do_not_stop_the_others(read):
    assert read("words.dict", b"caf\xe9 1\ncat 2").ids == {"caf\ufffd": 1, "cat": 2}


def test_ids_that_the_dictionary_does_not_have_are_shown_as_numbers():
    assert Dictionary([("a", 1), ("b", 7)]).decode([7, 0, 1, -1]) == ["b", "#0", "a", "#-1"]


def test_the_later_line_counts_where_a_token_or_an_id_is_there_twice():
    dictionary = Dictionary([("a", 1), ("b", 1), ("a", 2)])
    assert dictionary.decode([1, 2]) == ["b", "a"]
    assert dictionary.ids == {"a": 2, "b": 1}


def test_a_token_that_a_list_repeats_keeps_all_of_its_ids(read):
    dictionary = read("words.json", '["a", "b", "a"]')
    assert dictionary.decode([0, 1, 2]) == ["a", "b", "a"]
    assert dictionary.ids == {"a": 2, "b": 1}
    assert dictionary.tokens() == ["a", "b"]
    assert len(dictionary) == 3


def test_tokens_come_in_the_order_of_the_file(read):
    assert read("words.dict", "z 9\na 3\nm 1").tokens() == ["z", "a", "m"]


def test_what_is_written_is_read_again(tmp_path):
    tokens = ["a", " ", "\n", "\r\n", "é", '"', "\\", "日"]
    write_dictionary(tmp_path / "words.json", tokens)
    assert read_dictionary(tmp_path / "words.json").decode(range(len(tokens))) == tokens
