import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.annotators import ANNOTATORS
from lstmvis.data.annotators.text import Text, unit_of
from lstmvis.data.arrays import Discrete

ROOT = Path(__file__).parents[3]
STAND_INS = {"part_of_speech": {"tagger": lambda words: ["NN"] * len(words)}}

characters = st.lists(st.sampled_from([*"aN1 \t\n\r\"'()[]#.:=", "“", "’", "é", "\ud800", "<unk>", "<eos>", ""]))
words = st.lists(
    st.sampled_from(["def", "class", "cat", "N", "<unk>", "<eos>", "\n", "    ", '"', "``", "''", ".", '"""', "#", ""])
)


@pytest.mark.parametrize("name", ANNOTATORS)
@given(tokens=characters | words)
def test_every_annotator_gives_each_token_a_value(name, tokens):
    found = ANNOTATORS[name].annotate(tokens, **STAND_INS.get(name, {}))
    values = np.asarray(found.values)
    assert values.shape == (len(tokens),)
    if isinstance(found, Discrete):
        assert values.dtype.kind in "iu"
        assert not len(values) or (values.min() >= 0 and values.max() < len(found.labels))


@pytest.mark.parametrize(
    ("tokens", "text", "starts"),
    [
        (["a", " ", "b", "<eos>", "<unk>"], "a b\n<unk>", [0, 1, 2, 3, 4]),
        (["ab", "c", "<eos>", "d"], "ab c \nd ", [0, 3, 5, 6]),
        (["ab", "(", " ", "c"], "ab( c", [0, 2, 3, 4]),
        (["the", " cat"], "the cat", [0, 3]),
        (["if", "x", "\n", "    ", "yy", "# a b"], "if x \n    yy # a b ", [0, 3, 5, 6, 10, 13]),
        ([], "", []),
    ],
)
def test_tokens_are_laid_out_as_the_text_they_came_from(tokens, text, starts):
    laid_out = Text.of(tokens)
    assert laid_out.characters == text
    assert laid_out.starts.tolist() == starts


def test_tokens_are_characters_where_each_has_one():
    assert unit_of(["a", "\n", "<unk>"]) == "characters"
    assert unit_of(["a", "the"]) == "words"


def test_every_package_is_installed():
    packages = {
        f"lstmvis.{path.parent.relative_to(ROOT)}".replace("/", ".")
        for folder in ("data", "models", "server", "tools")
        for path in (ROOT / folder).rglob("*.py")
    }
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert set(setuptools["packages"]) == packages
    assert {name.replace("lstmvis.", "").replace(".", "/") for name in packages} == set(
        setuptools["package-dir"].values()
    )
