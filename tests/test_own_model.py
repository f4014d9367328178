"""What docs/own-model.md tells people to do does what it says."""

import re
from pathlib import Path

import pytest

from lstmvis.data.project import Project

DOCUMENTS = Path(__file__).parents[1] / "docs"
DOCUMENT = (DOCUMENTS / "own-model.md").read_text(encoding="utf-8")


def code_of(section):
    """The first Python program below a heading."""
    return re.search(rf"^#+ {section}\n.*?^```python\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)[1]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the program of a section, and open the project that it makes."""
    monkeypatch.chdir(tmp_path)

    def run_section(section):
        exec(compile(code_of(section), section, "exec"), {"__name__": section})
        (directory,) = Path("projects").iterdir()
        project = Project(directory)
        assert project.problems == []
        return project

    return run_section


def test_the_pytorch_recipe_records_every_layer_direction_and_word(run):
    project = run("PyTorch")
    assert len(project.sources) == 8
    assert {source.states.shape for source in project.sources.values()} == {(9, 32)}
    assert " ".join(project.words.decode(project.words.ids.integers(0, 9))) == "the film is good the film is not good"
    assert project.sequence_starts.tolist() == [0, 4]
    assert set(project.annotations) == {"label", "prediction"}
    assert project.annotations["label"].dictionary.decode(project.annotations["label"].values.rows(3, 5)) == [
        "good",
        "bad",
    ]


def test_the_recipe_for_arrays_shows_cell_states_through_tanh_and_hidden_states_as_they_are(run):
    project = run("Arrays from any framework")
    assert {source.id: source.transform for source in project.sources.values()} == {
        "states::layer1/hidden": "none",
        "states::layer1/cell": "tanh",
    }
    assert [project.describe()["meta"][name]["vis"]["type"] for name in ("long", "norm")] == ["discrete", "scalar"]


def test_the_recipe_for_large_arrays_works(run):
    assert run("What does not fit into memory").steps == 10_000


def test_every_link_within_the_documentation_leads_somewhere():
    headings = re.findall(r"^#+ (.*)$", DOCUMENT, re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(([^)]+)\)", DOCUMENT):
        assert target in anchors or (DOCUMENTS / target).exists()
