import h5py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmvis.data.project import Project
from lstmvis.data.writing import ProjectWriter
from lstmvis.models import extraction
from lstmvis.models.extraction import states, write_states
from lstmvis.models.language_model import Configuration, LanguageModel

VOCABULARY = ["a", "b", "c", "d", "e"]


def model_of(cells, layers, embedding=4, seed=0, spread=0.3):
    """A model of random weights; from a `spread` of about 1 it is chaotic and amplifies what float32 rounds away."""
    torch.manual_seed(seed)
    model = LanguageModel(Configuration(len(VOCABULARY), cells, layers, embedding, dropout=0.5))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, spread)
    return model


def random_ids(length, seed=0):
    return np.random.default_rng(seed).integers(len(VOCABULARY), size=length, dtype=np.uint8)


@torch.inference_mode()
def stepped(model, ids):
    """Cell and hidden states of every layer, (T, C) each, one nn.LSTMCell and one token at a time."""
    lstm = model.recurrent
    cells, rows = [], [([], []) for _ in range(lstm.num_layers)]
    for layer in range(lstm.num_layers):
        cell = torch.nn.LSTMCell(lstm.input_size if layer == 0 else lstm.hidden_size, lstm.hidden_size)
        cell.load_state_dict({name: getattr(lstm, f"{name}_l{layer}") for name in cell.state_dict()})
        cells.append(cell)
    carried = [(torch.zeros(1, lstm.hidden_size),) * 2 for _ in cells]
    for token in ids:
        x = model.embedding(torch.tensor([int(token)]))
        for layer, cell in enumerate(cells):
            carried[layer] = cell(x, carried[layer])
            x = carried[layer][0]
            rows[layer][0].append(carried[layer][1][0].numpy())
            rows[layer][1].append(x[0].numpy())
    return [(np.array(cell), np.array(hidden)) for cell, hidden in rows]


@settings(deadline=None, max_examples=40)
@given(
    cells=st.integers(1, 20),
    layers=st.integers(1, 3),
    embedding=st.integers(1, 8),
    length=st.integers(1, 40),
    steps=st.integers(1, 50),
    seed=st.integers(0, 1000),
)
def test_states_equal_those_of_stepping_through_the_text(cells, layers, embedding, length, steps, seed):
    model, ids = model_of(cells, layers, embedding, seed), random_ids(length, seed)
    blocks = list(states(model, ids, steps=steps))

    assert [len(block[0].cell) for block in blocks[:-1]] == [steps] * (len(blocks) - 1)
    for layer, (cell, hidden) in enumerate(stepped(model, ids)):
        np.testing.assert_allclose(np.concatenate([block[layer].cell for block in blocks]), cell, atol=1e-5)
        np.testing.assert_allclose(np.concatenate([block[layer].hidden for block in blocks]), hidden, atol=1e-5)


def test_the_difference_does_not_grow_along_a_long_text():
    model, ids = model_of(cells=30, layers=2, spread=0.2), random_ids(6000)
    blocks = list(states(model, ids))
    for layer, (cell, hidden) in enumerate(stepped(model, ids)):
        np.testing.assert_allclose(np.concatenate([block[layer].cell for block in blocks]), cell, atol=1e-5)
        np.testing.assert_allclose(np.concatenate([block[layer].hidden for block in blocks]), hidden, atol=1e-5)


def test_dropout_is_off():
    model, ids = model_of(cells=8, layers=2).train(), random_ids(20)
    once, again = (next(states(model, ids)) for _ in range(2))
    assert all(np.array_equal(a.hidden, b.hidden) for a, b in zip(once, again, strict=True))


def test_extraction_leaves_the_model_as_it_was():
    model = model_of(cells=8, layers=2)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    next(states(model, random_ids(20)))
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_project_gets_cell_and_hidden_state_of_every_layer(tmp_path, monkeypatch, dtype):
    monkeypatch.setattr(extraction, "STEPS", 7)
    model, ids = model_of(cells=6, layers=2), random_ids(40)
    done = []
    with ProjectWriter(tmp_path / "project", "name", "description") as project:
        project.write_tokens(ids, VOCABULARY)
        write_states(project, model, ids, dtype, on_progress=done.append)

    assert sum(done) == 40
    sources = Project(tmp_path / "project").sources
    assert [source.path for source in sources.values()] == [
        "layer1/cell",
        "layer1/hidden",
        "layer2/cell",
        "layer2/hidden",
    ]
    assert {source.type: source.transform for source in sources.values()} == {"cell": "tanh", "hidden": "none"}
    tolerance = {"float32": 1e-5, "float16": 2e-3}[dtype]
    with h5py.File(tmp_path / "project" / "states.hdf5") as file:
        for layer, (cell, hidden) in enumerate(stepped(model, ids), start=1):
            for name, expected in (("cell", cell), ("hidden", hidden)):
                stored = file[f"layer{layer}/{name}"]
                assert stored.dtype == dtype
                assert stored.chunks is None  # contiguous, as it must be to be memory-mapped
                np.testing.assert_allclose(stored[:], expected, atol=tolerance, rtol=tolerance)
