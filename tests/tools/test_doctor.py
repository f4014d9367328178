import json

import numpy as np
import pytest

from lstmvis.tools.cli import main
from tests.project_directory import write_small_project

STATES = np.array([[0.1, -0.5], [0.5, 0.2], [0.9, 0.4]], np.float32)


def test_a_project_with_hints_alone_is_fine_for_scripts(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    write_small_project(tmp_path / "mine", STATES)
    assert main(["doctor", str(tmp_path / "mine")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path}/mine",
        "mine: 3 positions, 1 source, 0 annotations",
        "",
        "hint   word_sequence",
        "       There are no tokens: positions have numbers only, and nothing can be",
        "       searched.",
        "    -> Where the states belong to a text, add `word_sequence`.",
        "",
        "        states as stored    lowest   highest       mean  on at 0.3   constant",
        "states::s  (layer 1, state, transform none, float32)",
        "                   3 x 2      -0.5       0.9     0.2667      50.0%          0",
        "",
        "1 hint.",
        "",
    ]


def test_a_fault_in_any_project_is_told_by_the_status(tmp_path, capsys):
    write_small_project(tmp_path / "a", STATES)
    write_small_project(tmp_path / "b", STATES * np.nan)
    assert main(["doctor", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert "FAULT  source states::s\n       Of 6 states, 6 are NaN" in printed
    assert printed.index(f"{tmp_path}/a\n") < printed.index(f"{tmp_path}/b\n")


def test_the_same_as_json(tmp_path, capsys):
    write_small_project(tmp_path / "a", STATES * np.float64(1e308))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "lstm.yml").write_text("[")
    assert main(["doctor", "--json", str(tmp_path)]) == 1
    whole, broken = json.loads(capsys.readouterr().out)
    assert (whole["faults"], broken["faults"]) == (0, 1)
    assert whole["sources"][0]["statistics"]["mean"] <= 1e308
    assert whole["sources"][0]["statistics"]["constant_cells"] == 0
    assert broken["findings"][0]["what"].startswith("lstm.yml, line 1")


def test_a_directory_without_a_project_is_told_what_to_do(tmp_path, capsys):
    assert main(["doctor", str(tmp_path)]) == 1
    assert "There is no lstm.yml here" in capsys.readouterr().out


def test_many_projects_are_summed_up_a_line_each(tmp_path, capsys):
    write_small_project(tmp_path / "a", STATES)
    write_small_project(tmp_path / "b", STATES * np.nan)
    assert main(["doctor", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"1 hint.                  {tmp_path}/a",
        f"1 fault, 1 hint.         {tmp_path}/b",
    ]


def test_faults_alone(tmp_path, capsys):
    write_small_project(tmp_path / "a", STATES)
    write_small_project(tmp_path / "b", STATES * np.nan)
    assert main(["doctor", "--faults", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert printed.count("FAULT") == 1
    assert "hint   " not in printed
    assert "lowest" not in printed
    assert printed.splitlines()[0] == f"{tmp_path}/b"
    assert f"1 hint.                  {tmp_path}/a" in printed


def test_a_directory_that_was_meant_to_be_a_project_is_told_beside_those_that_are(tmp_path, capsys):
    write_small_project(tmp_path / "a", STATES)
    (tmp_path / "a" / "below").mkdir()
    (tmp_path / "a" / "below" / "of_a.hdf5").touch()
    for name in ("misnamed/LSTM.yaml", "bare/states.h5", "other/notes.yml", ".hidden/lstm.yaml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert main(["doctor", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "    -> Rename LSTM.yaml to lstm.yml, if that is the configuration." in lines
    assert [line.split()[-1] for line in lines[-3:]] == [f"{tmp_path}/{name}" for name in ("a", "bare", "misnamed")]


def test_what_is_no_directory_is_refused(tmp_path, capsys):
    assert main(["doctor", str(tmp_path / "gone")]) == 1
    assert "is not a directory" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["doctor"])
    assert stopped.value.code == 2
