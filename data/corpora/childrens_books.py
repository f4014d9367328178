"""Twenty children's books of Project Gutenberg: fairy tales, Alice, Peter Pan, Oz, the Jungle Book and others."""

import re
from pathlib import Path

from lstmvis.data.corpora import prose
from lstmvis.data.corpora.corpus import Corpus, Lengths, Texts, cut_each, require_text
from lstmvis.data.corpora.files import files_in, read_file
from lstmvis.data.downloading import Remote
from lstmvis.data.errors import CorpusError

BOOKS = {
    11: ("Alice's Adventures in Wonderland", 170_000),
    12: ("Through the Looking-Glass", 190_000),
    16: ("Peter Pan", 290_000),
    54: ("The Marvelous Land of Oz", 270_000),
    55: ("The Wonderful Wizard of Oz", 230_000),
    113: ("The Secret Garden", 460_000),
    236: ("The Jungle Book", 300_000),
    289: ("The Wind in the Willows", 350_000),
    500: ("The Adventures of Pinocchio", 240_000),
    503: ("The Blue Fairy Book", 760_000),
    540: ("The Red Fairy Book", 680_000),
    708: ("The Princess and the Goblin", 300_000),
    778: ("Five Children and It", 310_000),
    902: ("The Happy Prince and Other Tales", 120_000),
    1597: ("Andersen's Fairy Tales", 330_000),
    1874: ("The Railway Children", 350_000),
    2591: ("Grimms' Fairy Tales", 550_000),
    2781: ("Just So Stories", 180_000),
    7277: ("The Green Fairy Book", 660_000),
    7439: ("English Fairy Tales", 350_000),
}
"""By their numbers in Project Gutenberg: title, and about how many bytes."""
START = re.compile(r"^\*\*\* ?START OF (?:THE|THIS) PROJECT GUTENBERG.*$|^\*END\*? ?THE SMALL PRINT.*$", re.M | re.I)
END = re.compile(
    r"^\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG|^\W*End of (?:the )?Project Gutenberg"
    r"|^\W*(?:The )?Project Gutenberg E(?:text|book) of",
    re.M | re.I,
)
PRODUCED = re.compile(r"^(?:Produced|Transcribed|E-?text prepared) (?:by|from)\b.*?(?:\n\s*\n|\Z)", re.S | re.I)


def _fault(path: Path) -> str:
    """Texts of Project Gutenberg are mended now and then, so that a digest says nothing."""
    try:
        return "" if inside_of(read_file(path)) else "it has no text between the marks of Project Gutenberg"
    except CorpusError as error:
        return str(error).removesuffix(".")


GUTENBERG = Corpus(
    title="20 children's books of Project Gutenberg",
    origin="www.gutenberg.org",
    licence="public domain in the USA",
    layout="a directory with books of Project Gutenberg as plain text (.txt), each maybe packed (.gz)",
    folder="childrens_books",
    remotes=tuple(
        Remote(f"https://www.gutenberg.org/cache/epub/{number}/pg{number}.txt", f"pg{number}.txt", size, _fault)
        for number, (_, size) in BOOKS.items()
    ),
)


def read_words(place: Path, lengths: Lengths) -> Texts:
    """Words and punctuation, an empty line after each paragraph; what is explored are the ends of all the books.

    Files without the marks of Project Gutenberg are left out.
    """
    found = [inside_of(read_file(path)) for path in files_in(place, lambda name: name.endswith(".txt"))]
    books = [prose.tokens(book) for book in found if book]
    if not books:
        raise CorpusError(f"There is no book in {place} that begins and ends as Project Gutenberg's do (*** START OF).")
    texts = cut_each(books, lengths)
    require_text(texts, place, "words")
    return texts


def inside_of(text: str) -> str:
    """What stands between the header and the licence of Project Gutenberg; nothing where there is no header."""
    starts = list(START.finditer(text))
    if not starts:
        return ""
    begin = starts[-1].end()
    ends = [found.start() for found in END.finditer(text, begin)]
    return PRODUCED.sub("", text[begin : min(ends, default=len(text))].strip())
