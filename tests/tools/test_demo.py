import re
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from lstmvis.data import parentheses
from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.demos import DEMOS
from lstmvis.data.project import Project
from lstmvis.models.checkpoint import load_checkpoint
from lstmvis.server.activity import Activity, cut_of
from lstmvis.server.matching import Query, find_matches
from lstmvis.server.opening import present_opening
from lstmvis.server.selection import select_cells
from lstmvis.tools import building
from lstmvis.tools import demo as demo_command
from lstmvis.tools.cli import build_parser, main
from lstmvis.tools.places import data_home

ONE_SEQUENCE = np.zeros(0, np.int64)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def nesting_of(directory):
    with h5py.File(directory / "annotations.hdf5") as file:
        return file["nesting"][:]


def test_the_demo_is_as_large_as_promised(made):
    project = Project(made)
    assert list(project.sources) == ["states::layer1/cell", "states::layer1/hidden"]
    for source in project.sources.values():
        assert source.steps >= 200_000
        assert source.cells >= 100


def test_the_model_comes_close_to_the_entropy_of_the_language(made):
    loss = min(epoch["validation_loss"] for epoch in load_checkpoint(made / "model.pt").history)
    gap = loss / parentheses.entropy() - 1
    print(f"validation loss {loss:.4f}, {gap:.2%} above the entropy")
    assert gap < 0.015


@pytest.mark.parametrize("source", ["states::layer1/cell", "states::layer1/hidden"])
@pytest.mark.parametrize("depth", [3, 4])
def test_cells_on_in_one_stretch_of_a_level_find_other_stretches_of_that_level(made, source, depth):
    """The use case of the LSTMVis paper, with the page's own threshold and constraints."""
    nesting = nesting_of(made)
    edges = np.flatnonzero(np.diff(nesting == depth, prepend=False, append=False))
    first, last = edges[::2], edges[1::2] - 1  # of every stretch that fills its level
    states = Project(made).sources[source]
    activity = Activity(states, cut_of(0.3, states.transform))
    shares = []
    for stretch in np.random.default_rng(depth).choice(len(first), 20, replace=False):
        cells = select_cells(activity, int(first[stretch]), int(last[stretch]), (1, 0), ONE_SEQUENCE)
        found = find_matches(activity, Query(tuple(cells.tolist())), ONE_SEQUENCE).best
        assert len(found) == 50
        at_depth = [np.all(nesting[match.position : match.position + match.length] == depth) for match in found]
        shares.append(np.mean(at_depth))
    print(f"{source}, depth {depth}: median share {np.median(shares):.0%}, lowest {min(shares):.0%}; ", end="")
    print(f"the depth's share of the corpus {np.mean(nesting == depth):.0%}")
    assert np.median(shares) >= 0.9


def test_a_demo_that_is_there_is_kept_and_served(made, monkeypatch, capsys):
    served = []
    monkeypatch.setattr(demo_command, "serve_directory", lambda *arguments: served.append(arguments) or 0)
    monkeypatch.setattr(demo_command, "build", None)
    assert main(["demo", "parens", "--data-dir", str(made.parent), "--port", "8899", "--no-browser"]) == 0
    [(directory, options, opening)] = served
    assert (directory, options.host, options.port, options.browser) == (made.parent, "127.0.0.1", 8899, False)
    assert opening == f"/?project=parens&{Project(made).opening}"
    assert "is there already, made in 4 epochs; --rebuild makes it anew" in capsys.readouterr().out


def test_make_demo_keeps_the_demo_where_the_command_looks_for_it():
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    [command] = re.findall(r"^\t\$\(BIN\)/lstmvis (demo .*)$", makefile, re.MULTILINE)
    assert build_parser().parse_args(command.split()).data_dir == data_home()


def test_it_opens_on_cells_that_are_on_at_depths_3_and_4(made):
    evidence = present_opening(Project(made)).evidence
    print(
        f"at depths 3 and 4: {evidence.whole.matches:.0%} of the matches, {evidence.whole.corpus:.0%} in the corpus, ",
        end="",
    )
    print(f"{evidence.whole.same_token:.0%} where a match has the same first token")
    assert evidence.matches == 50
    assert evidence.beginnings.different > 1
    assert evidence.whole.matches >= 0.9
    assert evidence.whole.gap >= 0.5


def tiny(monkeypatch):
    recipe = DEMOS["parens"]
    size = replace(recipe.sizes["small"][0], lengths=Lengths(2000, 500, 900), model={"cells": 5})
    monkeypatch.setitem(DEMOS, "parens", replace(recipe, sizes={"small": (size,)}))


def test_rebuild_and_epochs_make_it_anew(tmp_path, monkeypatch):
    tiny(monkeypatch)
    command = ["demo", "parens", "--no-serve", "--data-dir", str(tmp_path)]
    assert main([*command, "--epochs", "1"]) == 0
    assert main([*command, "--epochs", "2", "--rebuild"]) == 0
    assert len(load_checkpoint(tmp_path / "parens" / "model.pt").history) == 2


def test_a_demo_that_breaks_off_leaves_nothing_behind(tmp_path, monkeypatch):
    def break_off(*arguments):
        raise KeyboardInterrupt

    tiny(monkeypatch)
    monkeypatch.setattr(building, "extract_with_progress", break_off)
    assert main(["demo", "parens", "--no-serve", "--data-dir", str(tmp_path)]) == 130
    assert list(tmp_path.iterdir()) == []


def test_the_three_texts_of_a_demo_differ():
    texts = DEMOS["parens"].texts(Path(), Lengths(500, 500, 500))
    assert len({texts.training, texts.validation, texts.explored}) == 3


def test_without_pytorch_a_demo_that_is_there_is_still_served(made, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["demo", "parens", "--no-serve", "--data-dir", str(made.parent)]) == 0
    assert main(["demo", "parens", "--no-serve", "--data-dir", str(tmp_path)]) == 1
    assert "pip install 'lstmvis[train]'" in capsys.readouterr().err


def test_the_documentation_lists_every_demo_with_what_it_takes_and_what_it_opens_with():
    docs = Path(__file__).parents[2] / "docs"
    lines = (docs / "demos.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| `")]
    takes, opens = rows[: len(DEMOS)], rows[len(DEMOS) :]
    sizes = {name: recipe.sizes["small"][0] for name, recipe in DEMOS.items()}
    assert [(row[0], int(row[-2]), int(row[-1])) for row in takes] == [
        (name, size.minutes, size.megabytes) for name, size in sizes.items()
    ]
    assert [row[0] for row in opens] == list(DEMOS)
    for name in DEMOS:
        assert f"(demo-{name}.png)" in "\n".join(lines)
        assert (docs / f"demo-{name}.png").is_file()
