"""The demos by name. To add one, write a file with a `Recipe` beside these, and name it below."""

from lstmvis.data.demos.parens import PARENS
from lstmvis.data.demos.recipe import Recipe
from lstmvis.data.demos.wsj_chunks import WSJ_CHUNKS

DEMOS: dict[str, Recipe] = {
    "parens": PARENS,
    "wsj-chunks": WSJ_CHUNKS,
}
