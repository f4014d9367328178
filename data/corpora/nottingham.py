"""The Nottingham Music Database: 1,034 folk tunes in ABC notation, with the names of the chords above them.

    K:D
    M:6/8
    "D"fga agf|"G" gab "A7"bag|

ABC: abcnotation.com. Collected by Eric Foxley; cleaned at Jukedeck.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lstmvis.data.arrays import Discrete
from lstmvis.data.corpora.corpus import Corpus, Lengths, Texts, deal, require_text
from lstmvis.data.corpora.files import files_in, read_file
from lstmvis.data.downloading import Remote, has_digest
from lstmvis.data.words import END_OF_LINE

COMMIT = "bcb2afc67d291acdd689ed0c22ab2a8a480f38a6"
FILES = {
    "ashover.abc": (19_647, "6586eea8dca53866b42721050d11fc1408bdb2cf31a902b41c5c13504139b164"),
    "hpps.abc": (25_222, "6d035c6972ac0c204ba79d8128e2d71978ece2214a29ffceeb3e053e27f17db5"),
    "jigs.abc": (129_665, "5bb6f621e443bde552540810e3ea53e53531fd22258736e338d795e7a5bdcaf5"),
    "morris.abc": (12_002, "cbf60b212c87748dea226c76b72a15db5b4f606bb35a580763e9cd8f7294e7da"),
    "playford.abc": (5_101, "070877bc37176e0dedbcd038268d6669399201cd7b58d88b4ab36127528f9c76"),
    "reelsa-c.abc": (37_613, "f92ed0e66024e0a5bb7d21fe3172cd50c3fb4cb7f642b4ec7cd5aa8ad0396da8"),
    "reelsd-g.abc": (42_433, "33f535569116ec8cfb530c112f4cdc3bfb7fc042c271e0317cf6458bad30dfae"),
    "reelsh-l.abc": (43_044, "cb701d4ffe6839cb7a5655bc21785ecb71a72ab63d8560f7be3856f6aedaf7e5"),
    "reelsm-q.abc": (38_405, "a99f2967cf47460bba70bae40cd355a220b537a87180131c6d9433750bc446a1"),
    "reelsr-t.abc": (46_838, "f80a2c0f37a49b9b0c748e922924d59c40d82758abc5b0f7fc9245d7fd563be0"),
    "reelsu-z.abc": (17_203, "d104d7d1bb83eb1ca18f6b944dc22cf9f7bfe5f955d07cd573615985f69c2c1f"),
    "slip.abc": (3_838, "da686b3a0de20aab38e64f8c8ec57edace980bab6450a6c388d79a2866e5b16a"),
    "waltzes.abc": (21_490, "ffa773d012756be17784ab4a84e0e4618f316be5c6f244f9d60c06b23cd812c6"),
    "xmas.abc": (3_519, "05ebc4b856c8c5186bb828641e8f88f723c109d47ba7e3f1e5048b536e091249"),
}
"""Bytes and SHA-256 by name."""

NOTTINGHAM = Corpus(
    title="1,034 folk tunes of the Nottingham Music Database",
    origin="github.com/jukedeck/nottingham-dataset",
    licence="GPL-3.0",
    layout="a directory with tunes in ABC notation (.abc)",
    folder="nottingham_abc",
    remotes=tuple(
        Remote(
            f"https://raw.githubusercontent.com/jukedeck/nottingham-dataset/{COMMIT}/ABC_cleaned/{name}",
            name,
            size,
            has_digest(digest),
        )
        for name, (size, digest) in FILES.items()
    ),
)

PITCHES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
NUMERALS = ["I", "bII", "II", "bIII", "III", "IV", "bV", "V", "bVI", "VI", "bVII", "VII"]
"""By the number of semitones above the key's note."""
FUNCTIONS = ["I", "i", "II", "ii", "iii", "IV", "iv", "V", "vi", "bVII", "other", "no chord"]
"""Small ones are minor chords. What is `other` is rare."""
PLACES = ["first in its bar", "second", "third or later", "no chord"]
CHORD = re.compile(r"\s*\(?([A-G][#b]?) ?([mda]?)(\d?)")  # the rest, such as the note in the bass, is left out
QUALITIES = {"": "", "m": "m", "d": "dim", "a": "aug"}
SIGN = re.compile(r'"([^"]*)"|\|')
FIELD = re.compile(r"([A-Za-z]):\s*(.*)")
BEGINNING = "X"  # the field that begins a tune


class Chord(NamedTuple):
    name: str
    """Such as `A7`; `<eos>` for none."""
    key: str
    """Such as `D` or `Em`."""
    place: int
    """In PLACES."""


def read_chords(place: Path, lengths: Lengths) -> Texts:
    """The chords of each tune in their order, after an `<eos>` that begins it. All tunes are explored, each for itself.

    Key, the chord's function in it and its place in the bar are annotations. The key may change within a tune.
    """
    tunes = [tune for path in files_in(place, lambda name: name.endswith(".abc")) for tune in _tunes(read_file(path))]
    training, validation, _ = deal(tunes, lengths._replace(explored=0))
    explored = [chord for tune in tunes for chord in tune][: lengths.explored]
    keys = sorted({chord.key for chord in explored})
    starts = np.cumsum([0, *map(len, tunes)])
    texts = Texts(
        [chord.name for tune in training for chord in tune],
        [chord.name for tune in validation for chord in tune],
        [chord.name for chord in explored],
        {
            "key": Discrete([keys.index(chord.key) for chord in explored], keys),
            "function": Discrete([FUNCTIONS.index(function(chord)) for chord in explored], FUNCTIONS),
            "bar_position": Discrete([chord.place for chord in explored], PLACES),
        },
        starts[starts < len(explored)].tolist(),
        training_is_explored=True,
    )
    require_text(texts, place, "tunes in ABC notation with the names of chords")
    return texts


def function(chord: Chord) -> str:
    """Which step of the key the chord stands on, as a Roman numeral."""
    found, key = CHORD.match(chord.name), CHORD.match(chord.key)
    if not found or not key:
        return FUNCTIONS[-1]
    numeral = NUMERALS[(_pitch(found[1]) - _pitch(key[1])) % 12]
    if chord.name.startswith(f"{found[1]}m"):
        numeral = numeral.replace("I", "i").replace("V", "v")
    return numeral if numeral in FUNCTIONS else "other"


def _pitch(note: str) -> int:
    return PITCHES[note[0]] + note.count("#") - note.count("b")


def _tunes(text: str) -> Iterator[list[Chord]]:
    """The tunes of a file that have chords."""
    key, tune, place = "", list[Chord](), 0
    for line in [*text.split("\n"), f"{BEGINNING}:"]:
        if field := FIELD.match(line):
            if field[1] == BEGINNING:
                if tune:
                    yield [Chord(END_OF_LINE, tune[0].key, len(PLACES) - 1), *tune]
                key, tune, place = "", [], 0
            elif field[1] == "K":
                key = field[2].strip()
        elif not line.startswith("%"):
            for sign in SIGN.finditer(line):
                if sign[0] == "|":
                    place = 0
                elif chord := CHORD.match(sign[1]):
                    name = f"{chord[1]}{QUALITIES[chord[2]]}{chord[3]}"
                    tune.append(Chord(name, key, min(place, 2)))
                    place += 1
