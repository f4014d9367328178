"""Books as words and punctuation, in which quotation marks are tokens that say whether they open or close.

Straight marks and curly ones become the same four, “ ” ‘ ’, those of speech always the double ones, and what is an
apostrophe stays one. Contractions are two words, as in the Penn Treebank, so that `nltk.pos_tag` knows them: `do n't`,
`Alice 's`.
"""

import re
from collections import Counter
from collections.abc import Iterator

from lstmvis.data.corpora.as_read import PARAGRAPH_END

LEFT_OUT = re.compile(r"\[(?:Illustration|Picture)[^\]]*\]|_|\*|\[\d+\]")
TOKEN = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|St|Messrs|Mme|Capt|Col|Gen|Prof|Rev|Hon|Esq)\.(?!\w)"
    r"|\w+(?:[-'’]\w+)*"  # a word, with the apostrophes and hyphens in it
    r"|\.\.\.|\S"
)
CONTRACTION = re.compile(r"(.+?)(n't|'(?:s|ll|re|ve|d|m))", re.I)
ELIDED = re.compile(r"['’](?:tis|twas|twere|twill|em|til|cause|bout|ere|ave|im|round|neath|gainst)\b", re.I)
OPENING_AFTER = frozenset("([—-“‘\"'")
SINGLE = "'’"
SWAPPED = str.maketrans("“”‘’", "‘’“”")


def tokens(book: str) -> list[str]:
    """The tokens of a book; a paragraph ends in `PARAGRAPH_END`."""
    paragraphs = [_marked(text) for text in _paragraphs(book)]
    opening = Counter(text[0] for text in paragraphs)
    if opening["‘"] > opening["“"]:  # as British books do, which have double marks inside of single ones
        paragraphs = [text.translate(SWAPPED) for text in paragraphs]
    return [token for text in paragraphs for token in [*_words(text), PARAGRAPH_END]]


def _paragraphs(book: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", book):
        text = " ".join(LEFT_OUT.sub("", paragraph).replace("--", "—").split())
        if any(map(str.isalnum, text)):
            yield text


def _marked(text: str) -> str:
    """The paragraph with quotation marks that say which way they face; apostrophes are straight."""
    marked = []
    is_open = False  # a single mark
    for place, sign in enumerate(text):
        before, after = text[place - 1 : place] if place else "", text[place + 1 : place + 2]
        if sign == '"':
            opens = (not before or before.isspace() or before in OPENING_AFTER) and bool(after) and not after.isspace()
            sign = "“" if opens else "”"
        elif sign == "‘":
            is_open = True
        elif sign in SINGLE:
            if _is_apostrophe(text, place, before, after, is_open):
                sign = "'"
            else:
                is_open = not _closes_after(before) and (after.isalnum() or (after in "“\"'—" and not is_open))
                sign = "‘" if is_open else "’"
        marked.append(sign)
    return "".join(marked)


def _is_apostrophe(text: str, place: int, before: str, after: str, is_open: bool) -> bool:
    if before.isalnum() and after.isalnum():
        return True
    if before.isalnum():  # the end of a word: the boys' toys, or the last word of what is quoted
        belongs = before in "sS" and after == " " and text[place + 2 : place + 3].islower()
        return not is_open or belongs
    return ELIDED.match(text, place) is not None


def _closes_after(before: str) -> bool:
    return bool(before) and not before.isspace() and before not in OPENING_AFTER


def _words(text: str) -> Iterator[str]:
    for found in TOKEN.finditer(text):
        parts = CONTRACTION.fullmatch(found[0])
        yield from parts.groups() if parts else (found[0],)
