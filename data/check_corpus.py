"""The doctor's look at words, dictionaries and sequences."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from lstmvis.data.dictionary import Dictionary
from lstmvis.data.errors import ProjectError
from lstmvis.data.findings import Finding, are, at, fault, hint, how_many
from lstmvis.data.matrix import Matrix, as_integers
from lstmvis.data.project import Project
from lstmvis.data.statistics import Tally, Watch, blocks


def check_words(project: Project, watch: Watch) -> Iterator[Finding]:
    where, words = "word_sequence", project.words
    if words is None:
        if not project.config.get(where):
            what = "There are no tokens: positions have numbers only, and nothing can be searched."
            yield hint(where, what, "Where the states belong to a text, add `word_sequence`.")
        return
    if words.dictionary is None:
        what = "There is no dictionary: tokens are shown as their ids, and nothing can be searched."
        yield hint(where, what, "Add `dict_file`, one of the `files`.")
    yield from check_length(project, where, len(words.ids))
    try:
        yield from check_ids(where, words.ids, words.dictionary, shown(project), watch, required=True)
    except ProjectError as error:
        yield fault(where, str(error), error.change)


def check_sequences(project: Project) -> Iterator[Finding]:
    starts = project.sequence_starts
    length = max(project.steps, len(project.words.ids) if project.words else 0)
    beyond = starts[starts >= length]
    if len(beyond):
        what = (
            f"Of {len(starts):,} starts, {are(len(beyond))} beyond the corpus of {length:,} positions; the first is "
            f"{beyond[0]:,}."
        )
        yield fault("sequences", what, "Starts are positions of tokens, from 0. Do these count something else?")


def check_dictionary(where: str, dictionary: Dictionary) -> Iterator[Finding]:
    name, numbers = dictionary.name, dictionary.numbers()
    if not numbers:
        yield fault(where, f"{name} is empty.", "It must hold `token id` a line, or be a .json list of tokens.")
        return
    tokens = dictionary.decode(numbers)
    if dictionary.lost:
        token, number = dictionary.lost[0]
        what = (
            f"{name} gives {how_many(len(dictionary.lost), 'id')} to more than one token; the first is {number}, for "
            f"{token!r} and {dictionary.decode([number])[0]!r}. The last one counts."
        )
        yield fault(where, what, "Give each token an id of its own.")
    again = [(token, number) for token, number in zip(tokens, numbers, strict=True) if dictionary.ids[token] != number]
    if again:
        token, number = again[0]
        what = (
            f"{name} has {how_many(len(again), 'token')} under more than one id; the first is {token!r}, as {number} "
            f"and {dictionary.ids[token]}. Search finds only the last."
        )
        yield hint(where, what, "Give each token one id, if they are the same.")
    if missing := numbers[-1] - numbers[0] + 1 - len(numbers):
        gap = next(number + 1 for number, following in pairwise(numbers) if following != number + 1)
        what = f"{name} has ids from {numbers[0]} to {numbers[-1]}, but {missing:,} of them not; the first is {gap}."
        yield hint(where, what, "That does no harm where they are not used.")
    if any("\ufffd" in token for token in tokens):
        yield hint(where, f"{name} is not UTF-8: some letters are shown as \ufffd.", "Save it as UTF-8.")


def check_length(project: Project, where: str, length: int) -> Iterator[Finding]:
    """That something is longer or shorter than the longest source, which may be meant."""
    steps = project.steps
    if project.sources and length != steps:
        more = f"the last {length - steps:,} are not used" if length > steps else f"the last {steps - length:,} lack it"
        change = ""
        if abs(length - steps) == 1:
            change = (
                "If the first is what is left out, all others are shifted by one: row t of the states is the state "
                "after token t. Compare the tokens beside a state that you know."
            )
        yield hint(where, f"It has {length:,} positions and the longest source {steps:,}: {more}.", change)


def shown(project: Project) -> int | None:
    """How many positions can be looked at; None for all."""
    return project.steps if project.sources else None


def check_ids(
    where: str, ids: Matrix, dictionary: Dictionary | None, stop: int | None, watch: Watch, required: bool
) -> Iterator[Finding]:
    """Ids that are none, and those that the dictionary does not have. `required`: every position must have one."""
    none, fractions, unknown = Tally(), Tally(), Tally()
    known = np.array(dictionary.numbers() if dictionary else [], np.int64)
    low, high, example = np.iinfo(np.int64).max, np.iinfo(np.int64).min, 0
    for start, block in blocks(ids, stop, watch):
        finite = np.isfinite(block)
        numbers = as_integers(block)
        none.add(~finite, start)
        fractions.add(finite & (numbers != block), start)
        if finite.any():
            low, high = min(low, int(numbers[finite].min())), max(high, int(numbers[finite].max()))
        if dictionary:
            strangers = finite & ~np.isin(numbers, known)
            if not unknown.count and strangers.any():
                example = int(numbers[strangers][0])
            unknown.add(strangers, start)
    among = f"Of the ids in {ids.name},"
    if none.count:
        what = f"{among} {are(none.count)} NaN or infinite; the first is {at(none)}."
        if required:
            yield fault(where, what, "Every position needs the id of a token.")
        else:
            yield hint(where, what, "No label is shown there, which may be meant.")
    if fractions.count:
        what = f"{among} {are(fractions.count)} no whole numbers; the first is {at(fractions)}."
        yield fault(where, what, "Store ids as integers. Is this the right `path`?")
    if unknown.count and dictionary and len(known):
        what = f"{among} {are(unknown.count)} not in {dictionary.name}; the first is {example}, {at(unknown)}."
        spans = f"The ids here lie in {low} to {high}, those of {dictionary.name} in {known[0]} to {known[-1]}."
        off_by_one = (low, high) == (known[0] + 1, known[-1] + 1)
        question = (
            "Do these count from 1 and those from 0?" if off_by_one else "Add what is missing, or correct the ids."
        )
        yield fault(where, what, f"{spans} {question}")
