"""Files from strangers: reading one runs none of what is in it."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from lstmvis.models.checkpoint import WRONG_CONTENT, load_values
from lstmvis.models.resuming import unfinished_path
from lstmvis.tools.cli import main

ROOT = Path(__file__).parents[1]
SOURCES = [file for package in ("data", "models", "server", "tools") for file in (ROOT / package).glob("*.py")]


class Bomb:
    """What writes a file when it is unpickled."""

    def __init__(self, file):
        self.file = str(file)

    def __reduce__(self):
        return Path.touch, (Path(self.file),)


@pytest.fixture
def mark(tmp_path):
    """The file that is there when a bomb has gone off."""
    yield tmp_path / "gone off"
    assert not (tmp_path / "gone off").exists()


def test_a_bomb_goes_off_where_it_is_let(tmp_path):
    torch.save(Bomb(tmp_path / "off"), tmp_path / "bomb.pt")
    torch.load(tmp_path / "bomb.pt", weights_only=False)
    assert (tmp_path / "off").exists()


@pytest.mark.parametrize("content", [lambda bomb: bomb, lambda bomb: {"weights": {"x": bomb}, "configuration": {}}])
def test_a_model_runs_nothing(tmp_path, mark, capsys, content):
    model, text = tmp_path / "model.pt", tmp_path / "text.txt"
    text.write_text("some text " * 100)
    torch.save(content(Bomb(mark)), model)
    torch.save(content(Bomb(mark)), unfinished_path(model))
    with pytest.raises(WRONG_CONTENT):
        load_values(model)
    assert main(["extract", str(model), str(text), "--out", str(tmp_path / "p")]) == 1
    assert main(["train", str(text), "--out", str(model), "--resume"]) == 1
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_an_array_runs_nothing(tmp_path, mark, capsys, ending):
    array = np.array([Bomb(mark)] * 3, dtype=object)
    file = tmp_path / f"states.{ending}"
    np.save(file, array) if ending == "npy" else np.savez(file, states=array)
    (tmp_path / "tokens.txt").write_text("a\nb\nc\n")
    command = ["import", str(tmp_path / "p"), "--states", str(file), "--tokens", str(tmp_path / "tokens.txt")]
    assert main(command) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_no_source_reads_what_could_run():
    """Pickles, YAML with tags, and text as code; PyTorch's files with plain values only."""
    text = {file: file.read_text(encoding="utf-8") for file in SOURCES}
    assert len(text) > 50
    running = re.compile(
        r"pickle\.loads?\(|allow_pickle=True|yaml\.(?:unsafe_|full_)?load\(|(?<![.\w])(?:eval|exec)\(|weights_only=False"
    )
    assert {file.name: found for file, source in text.items() if (found := running.findall(source))} == {}
    for source in text.values():
        assert source.count("torch.load(") == source.count("weights_only=True")
