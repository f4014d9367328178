"""The demos by name. To add one, write a file with a `Recipe` beside these, and name it below."""

from lstmvis.data.demos.childrens_books import CHILDRENS_BOOKS
from lstmvis.data.demos.chords import CHORDS
from lstmvis.data.demos.code import CODE
from lstmvis.data.demos.parens import PARENS
from lstmvis.data.demos.python import PYTHON
from lstmvis.data.demos.recipe import Recipe
from lstmvis.data.demos.wsj_chars import WSJ_CHARS
from lstmvis.data.demos.wsj_chunks import WSJ_CHUNKS
from lstmvis.data.demos.wsj_words import WSJ_WORDS

DEMOS: dict[str, Recipe] = {
    "parens": PARENS,
    "childrens-books": CHILDRENS_BOOKS,
    "wsj-words": WSJ_WORDS,
    "wsj-chunks": WSJ_CHUNKS,
    "wsj-chars": WSJ_CHARS,
    "python": PYTHON,
    "code": CODE,
    "chords": CHORDS,
}
