"""Parts of speech, by NLTK's averaged perceptron tagger of English, in the twelve universal tags.

The tags are those of Petrov, Das and McDonald, "A Universal Part-of-Speech Tagset", LREC 2012; the tagger is that of
`nltk.pos_tag`, which learnt from the Wall Street Journal.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lstmvis.data.annotators.sentences import LINE_ENDS, sentence_ranges
from lstmvis.data.annotators.text import numbers_are_n
from lstmvis.data.arrays import Discrete
from lstmvis.data.errors import LstmvisError

Tagger = Callable[[list[str]], list[str]]
"""From the words of a sentence to their tags, one of the Penn Treebank's each."""

LABELS = ["NOUN", "PRON", "ADJ", "VERB", "ADV", "DET", "ADP", "PRT", "CONJ", "NUM", "X", "."]
PUNCTUATION = "."
UNIVERSAL = {
    tag: label
    for label, tags in {
        "NOUN": "NN NNS NNP NNPS",
        "PRON": "PRP PRP$ WP WP$",
        "ADJ": "JJ JJR JJS",
        "VERB": "VB VBD VBG VBN VBP VBZ MD",
        "ADV": "RB RBR RBS WRB",
        "DET": "DT PDT WDT EX",
        "ADP": "IN",
        "PRT": "POS RP TO",
        "CONJ": "CC",
        "NUM": "CD",
        ".": ". , : # $ '' `` ( ) -LRB- -RRB- \" ' --",
    }.items()
    for tag in tags.split()
}
"""By tag of the Penn Treebank, as in its `en-ptb.map`; others (FW, LS, SYM, UH) are X."""
PACKAGE = "averaged_perceptron_tagger_eng"
A_NUMBER = "10"  # what the tagger reads for `N`
ATTACHED = re.compile(r"""^["'“‘(\[]*(.*?)[,;:!?"'”’)\].]*$""", re.DOTALL)
TAGGED_AS = {"“": "``", "„": "``", "‘": "``", "”": "''", "’": "''", "—": "--", "–": "--", "…": "..."}
"""Marks that are tokens, as the tagger knows them."""
CLITIC = re.compile(r"['’](s|ll|re|ve|d|m)", re.IGNORECASE)
TOGETHER = 1000  # sentences between two calls of `progress`


def part_of_speech(
    tokens: Sequence[str],
    data: Path | None = None,
    tagger: Tagger | None = None,
    progress: Callable[[int], object] = lambda tokens: None,
) -> Discrete:
    """The universal tag of each word, found sentence by sentence.

    `<unk>` gets the tag that its neighbours suggest. `N` is a number where it stands for all of them. Line ends and
    `<eos>` are punctuation. Marks that are attached to a word, as in `head!"`, are not looked at.

    data: a folder of NLTK data, besides NLTK's own places and those in NLTK_DATA.
    tagger: another than NLTK's.
    progress: is told how many more tokens are done.
    Raises LstmvisError, saying what to install or to download, without NLTK or its data.
    """
    tag = tagger or load_tagger(data)
    kinds = set(tokens)
    read = {word: _as_read(word) for word in kinds} | ({"N": A_NUMBER} if numbers_are_n(kinds) else {})
    number_of = {label: number for number, label in enumerate(LABELS)}
    ids = np.full(len(tokens), number_of[PUNCTUATION], np.uint8)
    done = 0
    for number, (start, stop) in enumerate(sentence_ranges(tokens), start=1):
        places = [place for place in range(start, stop) if tokens[place] not in LINE_ENDS]
        tags = tag([read[tokens[place]] for place in places])
        ids[places] = [number_of[UNIVERSAL.get(found, "X")] for found in tags]
        if number % TOGETHER == 0 or stop == len(tokens):
            progress(stop - done)
            done = stop
    return Discrete(ids, LABELS)


def load_tagger(data: Path | None = None) -> Tagger:
    """NLTK's tagger of English. Raises LstmvisError where it, or what it has learnt, is missing."""
    try:
        import nltk
        from nltk.tag.perceptron import PerceptronTagger
    except ImportError as error:
        raise LstmvisError("Parts of speech need NLTK: pip install 'lstmvis[demos]'") from error
    if data is not None and str(data) not in nltk.data.path:
        nltk.data.path.insert(0, str(data))
    try:
        tagger = PerceptronTagger()
    except LookupError as error:
        places = ", ".join(nltk.data.path)
        raise LstmvisError(
            f"NLTK's tagger has not been downloaded: python -m nltk.downloader {PACKAGE}. Without a network, put the "
            f"folder taggers/{PACKAGE} of NLTK's data into one of the places where NLTK looks, or say where it is with "
            f"NLTK_DATA or --nltk-data. It looks in: {places}."
        ) from error
    return lambda words: [tag for _, tag in tagger.tag(words)]


def _as_read(word: str) -> str:
    """The word without the marks that are attached to it, if anything else is left.

    What is cut off a word, as in `Alice 's`, stays as it is.
    """
    if clitic := CLITIC.fullmatch(word):
        return f"'{clitic[1]}"
    found = ATTACHED.fullmatch(word)
    bare = found[1] if found else ""
    return bare if any(map(str.isalnum, bare)) else TAGGED_AS.get(word, word)
