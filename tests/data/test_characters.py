import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.characters import encode, read_text, vocabulary_of
from lstmvis.data.errors import CorpusError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(text=TEXTS)
def test_ids_give_the_text_back(text):
    vocabulary = vocabulary_of(text)
    ids = encode(text, vocabulary)
    assert "".join(vocabulary[index] for index in ids) == text


@given(text=TEXTS, order=st.randoms())
def test_a_vocabulary_may_come_in_any_order(text, order):
    vocabulary = vocabulary_of(text)
    order.shuffle(vocabulary)
    assert "".join(vocabulary[index] for index in encode(text, vocabulary)) == text


def test_ids_take_as_few_bytes_as_they_can():
    assert encode("ab", ["a", "b"]).dtype == np.uint8
    assert encode("ab", [chr(code) for code in range(300)]).dtype == np.uint16


def test_an_unknown_character_is_named_with_its_place_and_with_what_is_known():
    with pytest.raises(CorpusError) as error:
        encode("ab\nbaéb", ["a", "b", "\n"], "book.txt")
    message = str(error.value)
    assert message.startswith("book.txt, line 2, column 3: the model does not know the character 'é' (U+00E9).")
    assert message.endswith(r"It knows 3: 'a' 'b' '\n'")


def test_a_file_is_read_as_utf_8_with_or_without_its_mark(tmp_path):
    for encoding in ("utf-8", "utf-8-sig"):
        path = tmp_path / encoding
        path.write_text("naïve ∀", encoding=encoding)
        assert read_text(path) == "naïve ∀"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"caf\xe9", "is not UTF-8: byte 0xe9 at offset 3. Texts must be UTF-8."),
        (b"", "is empty. A corpus needs text."),
        (None, "cannot be read: No such file or directory."),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(tmp_path, content, message):
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CorpusError) as error:
        read_text(path)
    assert str(error.value) == f"{path} {message}"
