"""CoNLL-2000: Wall Street Journal text in which phrases (chunks) and parts of speech are marked, sections 15-18 and 20.

A file has a line for each word, `figures NNS I-NP`, and an empty line between sentences. Tjong Kim Sang and Buchholz,
"Introduction to the CoNLL-2000 Shared Task: Chunking", CoNLL 2000. NLTK distributes it.
"""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from lstmvis.data.annotators.part_of_speech import LABELS as PARTS_OF_SPEECH
from lstmvis.data.annotators.part_of_speech import UNIVERSAL
from lstmvis.data.arrays import Discrete
from lstmvis.data.corpora import nltk_data
from lstmvis.data.corpora.corpus import Corpus, Lengths, Texts, fit, require_text
from lstmvis.data.corpora.files import decode, find_file, read_file
from lstmvis.data.downloading import has_members
from lstmvis.data.errors import CorpusError
from lstmvis.data.words import END_OF_LINE

S = TypeVar("S", str, list["Token"])

PACKAGE = "corpora/conll2000.zip"
TRAIN, TEST = "conll2000/train.txt", "conll2000/test.txt"
CHUNKS = ["NP", "VP", "PP", "ADVP", "SBAR", "ADJP", "PRT", "other", "none"]
"""Noun, verb, preposition and adverb phrases, what introduces a clause, adjective phrases, particles; and no phrase."""

CONLL2000 = Corpus(
    title="Wall Street Journal text of CoNLL-2000",
    origin="NLTK's data, nltk.org",
    licence="none stated; the text is from the Penn Treebank",
    layout="a folder of NLTK data with corpora/conll2000.zip, this file, or a directory with train.txt and test.txt",
    folder=nltk_data.FOLDER,
    remotes=(
        nltk_data.package(
            PACKAGE,
            756_607,
            has_members(
                {
                    TRAIN: "82033cd7a72b209923a98007793e8f9de3abc1c8b79d646c50648eb949b87cea",
                    TEST: "73b7b1e565fa75a1e22fe52ecdf41b6624d6f59dacb591d44252bf4d692b1628",
                }
            ),
        ),
    ),
    here=lambda: nltk_data.find(PACKAGE),
)


class Token(NamedTuple):
    word: str
    tag: str
    """Of the Penn Treebank."""
    chunk: str
    """Such as `B-NP`, `I-NP`, `O`."""


def read_words(place: Path, lengths: Lengths) -> Texts:
    """Words, with `<eos>` after each sentence. What is explored is test.txt, and the end of train.txt as needed.

    The chunk of a word and its part of speech, in the universal tags, are those that people have marked.
    """
    train, test = _tokens(place)
    training, validation, explored = _cut(train, test, lengths)
    texts = Texts(
        [token.word for token in training],
        [token.word for token in validation],
        [token.word for token in explored],
        {"chunk": _chunks(explored), "part_of_speech": _parts_of_speech(explored)},
    )
    require_text(texts, place, "words in train.txt and test.txt")
    return texts


def read_characters(place: Path, lengths: Lengths) -> Texts:
    """Characters, a space between words and a line end after each sentence; else as `read_words`."""
    train, test = _tokens(place)
    texts = Texts(*_cut(_spelled(train), _spelled(test), lengths))
    require_text(texts, place, "words in train.txt and test.txt")
    return texts


def _cut(train: S, test: S, lengths: Lengths) -> tuple[S, S, S]:
    lengths = fit(lengths, len(train) + len(test))
    end = len(train) - max(0, lengths.explored - len(test))
    begin = end - lengths.validation
    return train[: min(begin, lengths.training)], train[begin:end], (train[end:] + test)[: lengths.explored]


def _spelled(tokens: Sequence[Token]) -> str:
    words = " ".join(token.word for token in tokens)
    return words.replace(f" {END_OF_LINE} ", "\n").replace(f" {END_OF_LINE}", "\n")


def _chunks(tokens: Sequence[Token]) -> Discrete:
    number_of = {f"{mark}-{label}": number for number, label in enumerate(CHUNKS) for mark in "BI"} | {
        "O": len(CHUNKS) - 1
    }
    return Discrete([number_of.get(token.chunk, CHUNKS.index("other")) for token in tokens], CHUNKS)


def _parts_of_speech(tokens: Sequence[Token]) -> Discrete:
    return Discrete([PARTS_OF_SPEECH.index(UNIVERSAL.get(token.tag, "X")) for token in tokens], PARTS_OF_SPEECH)


def _tokens(place: Path) -> tuple[list[Token], list[Token]]:
    """The tokens of train.txt and of test.txt."""
    train, test = ([token for sentence in _sentences(text) for token in sentence] for text in _files(place))
    return train, test


def _files(place: Path) -> tuple[str, str]:
    """What is in train.txt and test.txt."""
    archive = next((path for path in (place, place / PACKAGE, place / Path(PACKAGE).name) if path.is_file()), None)
    if archive is None:
        inside = next((path for path in (place / "corpora/conll2000", place / "conll2000") if path.is_dir()), place)
        return read_file(find_file(inside, "train.txt")), read_file(find_file(inside, "test.txt"))
    try:
        with zipfile.ZipFile(archive) as packed:
            return decode(packed.read(TRAIN), f"{TRAIN} in {archive}"), decode(
                packed.read(TEST), f"{TEST} in {archive}"
            )
    except (zipfile.BadZipFile, OSError, KeyError) as error:
        raise CorpusError(f"{archive} is not NLTK's package of CoNLL-2000: {error}.") from error


def _sentences(text: str) -> Iterator[list[Token]]:
    sentence: list[Token] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        parts = line.split()
        if parts and len(parts) != 3:
            raise CorpusError(f"Line {number} of a CoNLL-2000 file is {line!r:.60}, not a word, its tag and its chunk.")
        if parts:
            sentence.append(Token(*parts))
        elif sentence:
            yield [*sentence, Token(END_OF_LINE, ".", "O")]
            sentence = []
