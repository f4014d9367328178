import os
from pathlib import Path

import pytest

from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.corpora.nottingham import NOTTINGHAM, Chord, function, read_chords
from tests import demo_corpora

REAL = os.environ.get("LSTMVIS_CORPORA")
ALL = Lengths(9, 9, 10**6)
TUNES = """X: 1
T:With "G" in its title
% "D" in a remark
M:6/8
K:D
a|"D"fga "A7/c+"agf|"G"gab|"Bm"b" "a "E m"x "(A7)" y||
K:A
"E7b9"a|

X: 2
K:Em
abc

X: 3
K:Em
"Em"a "Ed"b "Am"c
"""


@pytest.fixture
def texts(tmp_path):
    for name in ("a.abc", "b.abc"):
        (tmp_path / name).write_text(TUNES)
    return read_chords(tmp_path, ALL)


def labels(texts, name):
    values = texts.annotations[name]
    return [values.labels[number] for number in values.values][:12]


def test_chords_are_the_quoted_signs_without_the_note_in_the_bass(texts):
    first, second = ["D", "A7", "G", "Bm", "Em", "A7", "E7"], ["Em", "Edim", "Am"]
    assert texts.explored == ["<eos>", *first, "<eos>", *second] * 2
    assert texts.starts == [0, 8, 12, 20]


def test_each_chord_has_its_key_its_function_in_it_and_its_place_in_the_bar(texts):
    assert labels(texts, "key") == [*["D"] * 7, "A", *["Em"] * 4]
    assert labels(texts, "function") == ["no chord", "I", "V", "IV", "vi", "ii", "V", "V", "no chord", "i", "I", "iv"]
    first, second, third = "first in its bar", "second", "third or later"
    assert labels(texts, "bar_position") == [
        *("no chord", first, second, first, first, second, third, first),
        *("no chord", first, second, third),
    ]


@pytest.mark.parametrize(
    ("chord", "key", "numeral"),
    [
        ("A7", "D", "V"),
        ("Bb", "F", "IV"),
        ("F", "G", "bVII"),
        ("E", "D", "II"),
        ("Em", "D", "ii"),
        ("G#", "D", "other"),
    ],
)
def test_a_function_is_the_step_of_the_key_on_which_a_chord_stands(chord, key, numeral):
    assert function(Chord(chord, key, 0)) == numeral


def test_the_model_learns_from_some_of_the_tunes_that_are_explored(tmp_path):
    place = demo_corpora.write_tunes(tmp_path / "tunes")
    texts = read_chords(place, Lengths(500, 100, 10**6))
    assert texts.training_is_explored
    assert [len(text) for text in (texts.training, texts.validation, texts.explored)] == [500, 100, 60 * 17]
    assert texts.training[0] == texts.validation[0] == texts.explored[0] == "<eos>"


@pytest.mark.skipif(not REAL, reason="needs the tunes")
def test_the_real_tunes_are_read_and_are_what_is_checked():
    place = Path(REAL) / "music" / "nottingham_abc"
    texts = read_chords(place, Lengths(25_000, 2_500, 10**6))
    assert len(texts.starts) == texts.explored.count("<eos>") == 1_021  # 13 of the 1,034 tunes have no chords
    assert len(texts.explored) - len(texts.starts) == 27_064
    assert len({*texts.explored}) < 60
    assert {remote.path for remote in NOTTINGHAM.remotes} == {path.name for path in place.glob("*.abc")}
    for remote in NOTTINGHAM.remotes:
        assert remote.fault(place / remote.path) == ""
        assert (place / remote.path).stat().st_size == remote.size
