"""The programs in examples/, with small sizes, from a corpus to the page."""

import os
import re
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest

from lstmvis.data.project import Project
from tests.browser.conftest import Hand, read_map, serving

EXAMPLES = Path(__file__).parents[2] / "examples"
CORPORA = {"made": lambda directory: write_reviews(directory / "movie_reviews.zip")}
if "LSTMVIS_CORPORA" in os.environ:
    CORPORA["NLTK's"] = lambda _: Path(os.environ["LSTMVIS_CORPORA"], "nltk_data", "corpora", "movie_reviews.zip")


def write_reviews(path):
    """A corpus in the form of NLTK's movie_reviews, in which a single word decides."""
    with zipfile.ZipFile(path, "w") as file:
        for label, word in (("neg", "dull"), ("pos", "bright")):
            for number in range(60):
                text = " ".join(["the", "film", "is", *["so"] * (number % 5), word, "."])
                file.writestr(f"movie_reviews/{label}/cv{number:03}.txt", text)
    return path


def run(name, directory, *arguments):
    """Run an example; gives the project, and what the program printed last."""
    command = [sys.executable, EXAMPLES / f"{name}.py", "--out", directory / name, *map(str, arguments)]
    ran = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    project = Project(directory / name)
    assert project.problems == []
    return project, ran.stdout.splitlines()[-1]


def of_each_sequence(project, name):
    """The labels at the first steps of the sequences."""
    annotation = project.annotations[name]
    return annotation.dictionary.decode(annotation.values.rows(0, project.steps)[project.sequence_starts].tolist())


@contextmanager
def exploring(chromium, project, **query):
    """The page of a project."""
    with serving(project.directory) as address:
        page = chromium.new_page(base_url=address, viewport={"width": 1400, "height": 900})
        page.goto("/?" + urlencode({"project": project.directory.name, **query}, doseq=True))
        hand = Hand(page)
        hand.rest()
        yield hand
        page.close()


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_classifier_s_reviews_are_sequences_with_label_prediction_and_correctness(chromium, tmp_path, corpus):
    where = CORPORA[corpus](tmp_path)
    sizes = ["--reviews", 120, "--words", 40, "--cells", 8, "--epochs", 6]
    project, told = run("movie_reviews", tmp_path, "--corpus", where, *sizes)

    right, unseen = map(int, re.match(r"(\d+) of (\d+) unseen reviews", told).groups())
    assert unseen == len(project.sequence_starts) == 24
    assert corpus != "made" or right == 24
    labels, found, correct = (of_each_sequence(project, name) for name in ("label", "prediction", "correct"))
    assert [str(label == guess) for label, guess in zip(labels, found, strict=True)] == correct
    assert correct.count("True") == right

    first = int(project.sequence_starts[1])
    view = {"source": "states::lstm/layer1/backward/hidden", "pos": first - 3, "threshold": 0.01}
    with exploring(chromium, project, **view, track=["score", "label", "correct"]) as hand:
        shown = hand.page.locator(f"[data-view=tracks] [data-pos='{first}']").all_inner_texts()
        assert {labels[1], correct[1]} <= set(shown)
        hand.brush(first, first + 1)
        assert hand.cells()
        assert hand.matches()
        assert set(read_map(hand, "label")[1].values()) == {"neg", "pos"}


def test_a_series_has_no_words_but_values_predictions_and_errors(chromium, tmp_path):
    project, told = run("series", tmp_path, "--steps", 600, "--cells", 16, "--updates", 120)

    error, usual = map(float, re.match(r"mean error (\S+), of the value before (\S+)\.", told).groups())
    assert error < usual / 2
    assert project.words is None
    assert project.steps == 600
    value, prediction, errors = (
        project.annotations[name].values.rows(0, 600) for name in ("value", "prediction", "error")
    )
    np.testing.assert_allclose(np.abs(prediction - value), errors, atol=1e-6)

    tracks = ["value", "prediction", "error"]
    with exploring(chromium, project, pos=100, threshold=0.1, range="110,112", off="0,0", track=tracks) as hand:
        assert hand.cells()
        assert hand.matches()
        for name in tracks:
            assert read_map(hand, name)[0]
