import pytest

from lstmvis.data.project import Project
from lstmvis.tools.cli import main
from tests.planted import write_planted

TRIES = ["--tries", "600"]


@pytest.fixture
def directory(tmp_path):
    directory = write_planted(tmp_path / "p")
    config = directory / "lstm.yml"
    config.write_text("# mine\n" + config.read_text())
    return directory


def test_the_view_is_written_and_its_figures_are_told_then_and_later(directory, capsys):
    search = ["opening", str(directory), "--annotation", "phrase", "--value", "IN", *TRIES]
    assert main(search) == 0
    said = capsys.readouterr().out.splitlines()
    address = Project(directory).opening
    assert address.startswith("source=states::planted&pos=")
    assert said[0] == f"opening: {address}"
    assert "cells of states::planted, on over 'word" in said[1]
    assert "first tokens, in effect" in said[3]
    assert said[4].split() == ["phrase", "IN", "matches", "corpus", "same", "first", "token", "same", "tokens"]
    assert (directory / "lstm.yml").read_text().startswith("# mine\n")
    assert main(["opening", str(directory), "--show"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[:7] == said[:7]
    assert shown[7].split(":")[0] == "p-value against ranges with the same first tokens, however this view was chosen"
    assert "times the 576 that were tried" in said[7]


def test_what_is_found_is_not_written_where_one_only_wants_to_know(directory, capsys):
    search = ["opening", str(directory), "--annotation", "phrase", "--value", "IN", *TRIES, "--no-write"]
    assert main(search) == 0
    assert capsys.readouterr().out.startswith("opening: source=states::planted")
    assert Project(directory).opening is None


def test_where_nothing_is_found_that_is_told_and_nothing_is_written(directory, capsys):
    before = (directory / "lstm.yml").read_bytes()
    search = ["opening", str(directory), "--annotation", "phrase", "--value", "IN", *TRIES]
    assert main([*search, "--source", "states::noise"]) == 1
    assert capsys.readouterr().out == (
        f"{directory}: nothing is found about phrase IN that is clear enough to open with. Nothing is written.\n"
    )
    assert (directory / "lstm.yml").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "Say what the view is to be about: --annotation NAME --value LABEL."),
        (["--annotation", "phrase"], "Say what the view is to be about: --annotation NAME --value LABEL."),
        (["--annotation", "phrase", "--value", "in"], "The annotation 'phrase' has no value 'in'; it has: OUT, IN."),
        (["--annotation", "tag", "--value", "IN"], "The annotation 'tag' is not there; discrete ones are: phrase."),
        (["--show"], "Planted has no opening view."),
        (
            ["--annotation", "phrase", "--value", "IN", "--source", "x"],
            "There is no source 'x'. There are: states::noise, states::planted.",
        ),
    ],
)
def test_what_is_asked_for_in_vain_is_told(directory, capsys, options, said):
    assert main(["opening", str(directory), *options]) == 1
    assert capsys.readouterr().err == f"lstmvis: {said}\n"
