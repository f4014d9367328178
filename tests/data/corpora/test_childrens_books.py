import gzip
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lstmvis.data.annotators.quotation import quotation
from lstmvis.data.corpora.childrens_books import BOOKS, GUTENBERG, inside_of, read_words
from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.corpora.files import files_in, read_file
from lstmvis.data.errors import CorpusError
from tests import demo_corpora

REAL = os.environ.get("LSTMVIS_CORPORA")
HEADER = "Title: Tales\n\n*** START OF {} PROJECT GUTENBERG EBOOK TALES ***\n"
FOOTER = "*** END OF {} PROJECT GUTENBERG EBOOK TALES ***\nLicence\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (HEADER.format("THE"), FOOTER.format("THE")),
        (HEADER.format("THIS"), FOOTER.format("THIS")),
        (HEADER.format("THIS") + "\nProduced by some\nvolunteers\n\n", "End of Project Gutenberg's Tales\n\n" + FOOTER),
        (HEADER.format("THE").replace("*** ", "***"), FOOTER.format("THE").replace("*** ", "***")),
        ("Why?\n*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*END*\n", "*Project Gutenberg Etext of Tales*\n"),
        ("*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*END*\n", ""),
    ],
)
def test_header_and_licence_are_left_out(before, after):
    assert inside_of(f"{before}\nOnce\n\nthe end of it\n\n{after}") == "Once\n\nthe end of it"


def test_a_text_without_marks_is_no_book():
    assert inside_of("Once\n") == ""


def test_what_is_explored_are_the_ends_of_all_books(tmp_path):
    place = demo_corpora.write_books(tmp_path / "books")
    texts = read_words(place, Lengths(800, 200, 400))
    assert [len(text) for text in (texts.training, texts.validation, texts.explored)] == pytest.approx(
        [800, 200, 400], abs=2
    )
    assert texts.training[:2] == ["The", "fox"] or texts.training[0][0].isupper()
    assert "More" not in {*texts.training, *texts.explored}
    assert Counter(texts.explored)["\n\n"] > 20
    with pytest.raises(CorpusError, match="begins and ends as Project Gutenberg's"):
        read_words(place / "notes.txt", Lengths(8, 2, 4))


def test_a_short_corpus_is_divided_in_the_same_proportion(tmp_path):
    place = demo_corpora.write_books(tmp_path / "books", paragraphs=40)
    texts = read_words(place, Lengths(80_000, 20_000, 40_000))
    lengths = [len(text) for text in (texts.training, texts.validation, texts.explored)]
    assert lengths[0] == pytest.approx(2 * lengths[2], rel=0.05) == pytest.approx(4 * lengths[1], rel=0.05)


def test_a_download_is_a_book_only_with_its_marks(tmp_path):
    path = tmp_path / "pg11.txt"
    path.write_text("Please try again later")
    fault = GUTENBERG.remotes[0].fault
    assert fault(path) == "it has no text between the marks of Project Gutenberg"
    path.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in fault(path)
    path.write_text(HEADER.format("THE") + "Once")
    assert fault(path) == ""
    assert [remote.path for remote in GUTENBERG.remotes] == [f"pg{number}.txt" for number in BOOKS]


@pytest.mark.skipif(not REAL, reason="needs the books")
def test_the_real_books_are_read_from_their_first_words_to_their_last():
    place = Path(REAL) / "childrens_books"
    files = {path.name: inside_of(read_file(path)) for path in files_in(place, lambda name: name.endswith(".txt"))}
    assert files.pop("cbt_test.txt.gz") == ""  # sentences without a header
    assert len(files) == len(BOOKS) == 20
    for name, book in files.items():
        assert len(book) > 80_000, name
        assert "Gutenberg" not in book[:300] + book[-300:], name
        packed = (place / name).read_bytes()
        assert len(gzip.decompress(packed)) - len(book) < 25_000, name  # header and licence


@pytest.mark.skipif(not REAL, reason="needs the books")
def test_in_the_real_books_speech_is_opened_as_often_as_it_is_closed():
    texts = read_words(Path(REAL) / "childrens_books", Lengths(200_000, 20_000, 100_000))
    counts = Counter(texts.training)
    assert counts["“"] > 3_000
    assert counts["“"] == pytest.approx(counts["”"], rel=0.04)
    assert '"' not in counts
    found = quotation(texts.explored)
    assert 0.3 < np.mean(found.values) < 0.6
