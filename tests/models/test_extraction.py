import h5py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmvis.data.project import Project
from lstmvis.data.writing import ProjectWriter
from lstmvis.models import extraction, recurrence, streams
from lstmvis.models.extraction import Extraction, ExtractionError, extract
from lstmvis.models.language_model import Configuration, LanguageModel

VOCABULARY = ["a", "b", "c", "d", "e"]
EVERYTHING = {
    "lstm": ("cell", "hidden", "gates", "predictions", "loss", "saliency"),
    "gru": ("hidden", "gates", "predictions", "loss", "saliency"),
    "rnn": ("hidden", "predictions", "loss", "saliency"),
}


def model_of(cells=6, layers=1, embedding=4, kind="lstm", seed=0, spread=0.3):
    """A model of random weights; from a `spread` of about 1 it is chaotic and amplifies what float32 rounds away."""
    torch.manual_seed(seed)
    model = LanguageModel(Configuration(len(VOCABULARY), cells, layers, embedding, dropout=0.5, kind=kind))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, spread)
    return model


def random_ids(length, seed=0):
    return np.random.default_rng(seed).integers(len(VOCABULARY), size=length, dtype=np.uint8)


def extracted(path, model, ids, sequences=None, on_progress=lambda tokens: None, **options):
    """All that an extraction writes, by path in its files."""
    with ProjectWriter(path / "project", "name", "description", replace=True) as project:
        project.write_tokens(ids, VOCABULARY)
        extract(project, model, ids, Extraction(**options), sequences=sequences, on_progress=on_progress)
    found = {}

    def collect(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item[:]

    for file in (path / "project").glob("[as]*.hdf5"):  # annotations and states
        with h5py.File(file) as opened:
            opened.visititems(collect)
    return found


@torch.inference_mode()
def stepped(model, ids, starts=(0,)):
    """What an extraction of everything but saliency should give: one cell of PyTorch and one token at a time."""
    recurrent = model.recurrent
    kind = {"LSTM": torch.nn.LSTMCell, "GRU": torch.nn.GRUCell}.get(recurrent.mode, torch.nn.RNNCell)
    cells = []
    for layer in range(recurrent.num_layers):
        cell = kind(recurrent.input_size if layer == 0 else recurrent.hidden_size, recurrent.hidden_size)
        cell.load_state_dict({name: getattr(recurrent, f"{name}_l{layer}") for name in cell.state_dict()})
        cells.append(cell)
    zero = torch.zeros(1, recurrent.hidden_size)
    rows, logits = {}, None
    for position, token in enumerate(ids.tolist()):
        if position in starts:
            logits = None
            carried = [(zero, zero) if recurrent.mode == "LSTM" else zero for _ in cells]
        x = model.embedding(torch.tensor([token]))
        for layer, cell in enumerate(cells):
            for gate, value in gates_of(cell, recurrent.mode, x, carried[layer]).items():
                rows.setdefault(f"layer{layer + 1}/{gate}", []).append(value[0].numpy())
            carried[layer] = cell(x, carried[layer])
            x, c = carried[layer] if recurrent.mode == "LSTM" else (carried[layer], None)
            rows.setdefault(f"layer{layer + 1}/hidden", []).append(x[0].numpy())
            if c is not None:
                rows.setdefault(f"layer{layer + 1}/cell", []).append(c[0].numpy())
        chances = np.full(len(VOCABULARY), np.nan) if logits is None else logits.softmax(1)[0].numpy()
        rows.setdefault("chances", []).append(chances)
        rows.setdefault("loss", []).append(-np.log(chances[token]))
        logits = model.decoder(x)
    return {name: np.array(values) for name, values in rows.items()}


def gates_of(cell, mode, x, state):
    if not mode.startswith(("LSTM", "GRU")):
        return {}
    h = state[0] if mode == "LSTM" else state
    read = torch.nn.functional.linear(x, cell.weight_ih, cell.bias_ih)
    kept = torch.nn.functional.linear(h, cell.weight_hh, cell.bias_hh)
    if mode == "GRU":
        (xr, xz, xn), (hr, hz, hn) = read.chunk(3, 1), kept.chunk(3, 1)
        reset = (xr + hr).sigmoid()
        return {"reset_gate": reset, "update_gate": (xz + hz).sigmoid(), "candidate": (xn + reset * hn).tanh()}
    i, f, g, o = (read + kept).chunk(4, 1)
    return {
        "input_gate": i.sigmoid(),
        "forget_gate": f.sigmoid(),
        "candidate": g.tanh(),
        "output_gate": o.sigmoid(),
    }


def assert_equal(found, expected, atol=1e-5):
    """States, gates, loss and predictions; equally likely tokens may be ranked in either order."""
    chances = expected.pop("chances")
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=atol, err_msg=name)
    ids, weights = found["prediction/ids"], found["prediction/weights"]
    known = ~np.isnan(chances[:, 0])
    best = -np.sort(-chances[known], axis=1)[:, : ids.shape[1]]
    np.testing.assert_allclose(weights[known], best, atol=atol)
    np.testing.assert_allclose(np.take_along_axis(chances[known], ids[known].astype(int), 1), best, atol=atol)
    assert not weights[~known].any()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("extraction")


@settings(deadline=None, max_examples=60)
@given(
    kind=st.sampled_from(["lstm", "gru", "rnn"]),
    cells=st.integers(1, 12),
    layers=st.integers(1, 3),
    embedding=st.integers(1, 6),
    length=st.integers(1, 60),
    at_a_time=st.integers(1, 300),
    rows=st.sampled_from([1, 8]),
    seed=st.integers(0, 1000),
    resets=st.none() | st.sets(st.integers(1, 59)),
)
def test_everything_equals_stepping_through_the_text(
    place, kind, cells, layers, embedding, length, at_a_time, rows, seed, resets
):
    model, ids = model_of(cells, layers, embedding, kind, seed), random_ids(length, seed)
    starts = None if resets is None else np.array([0, *sorted(start for start in resets if start < length)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recurrence, "ROWS", rows)  # from which on an LSTM is stepped through
        patch.setattr(streams, "VALUES", at_a_time)
        patch.setattr(extraction, "LOGITS", at_a_time)
        found = extracted(place, model, ids, starts, write=EVERYTHING[kind])
    assert_equal(found, stepped(model, ids, (0,) if starts is None else starts))


def never_forgetting(cells=6, layers=2):
    """A model whose forget gates are always open and which adds a little with every token: every token counts for ever.

    In the second layer the sums of the first one drive sums again.
    """
    model = model_of(cells, layers, spread=0.1)
    with torch.no_grad():
        for layer in range(layers):
            _, forget, _, _ = getattr(model.recurrent, f"bias_ih_l{layer}").chunk(4)
            forget.fill_(30.0)
    return model


@pytest.mark.parametrize("sequences", [None, [0, 900, 1100, 1101]])
@pytest.mark.parametrize(
    "model", [*(model_of(layers=2, kind=kind) for kind in EVERYTHING), never_forgetting()], ids=[*EVERYTHING, "never"]
)
def test_parallel_streams_give_the_states_of_one_pass(tmp_path, monkeypatch, model, sequences):
    monkeypatch.setattr(streams, "OVERLAP", 40)
    monkeypatch.setattr(streams, "SHORTEST", 100)
    monkeypatch.setattr(streams, "VALUES", 6 * 400)
    ids, starts = random_ids(1600), None if sequences is None else np.array(sequences)
    write = EVERYTHING[model.configuration.kind][:-1]
    one, many = (extracted(tmp_path, model, ids, starts, write=write, streams=count) for count in (1, 12))
    for name in one.keys() - {"prediction/ids"}:
        np.testing.assert_allclose(many[name], one[name], atol=1e-4, err_msg=name)


def test_what_never_forgets_needs_more_than_the_overlap_and_what_forgets_does_not(tmp_path, monkeypatch):
    """Else the tests of the seams would test nothing."""
    monkeypatch.setattr(streams, "OVERLAP", 60)
    monkeypatch.setattr(streams, "SHORTEST", 100)

    def tokens_read(model):
        read = []
        extracted(tmp_path, model, random_ids(3000), streams=20, on_progress=read.append)
        return sum(read)

    assert tokens_read(model_of()) == 3000
    assert tokens_read(never_forgetting()) > 2 * 3000


def test_a_seam_is_mended_no_further_than_the_difference_lasts(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "OVERLAP", 1)
    monkeypatch.setattr(streams, "SHORTEST", 100)
    monkeypatch.setattr(streams, "VALUES", 6 * 20 * 10)
    model, ids, read = model_of(), random_ids(20_000), []
    many = extracted(tmp_path, model, ids, streams=20, on_progress=read.append)
    assert 20_000 < sum(read) < 1.3 * 20_000
    one = extracted(tmp_path, model, ids, streams=1)
    np.testing.assert_allclose(many["layer1/cell"], one["layer1/cell"], atol=1e-5)


def test_the_difference_to_stepping_does_not_grow_along_a_long_text(tmp_path):
    model, ids = model_of(cells=30, layers=2, spread=0.2), random_ids(6000)
    found = extracted(tmp_path, model, ids, streams=1, write=EVERYTHING["lstm"][:-1])
    assert_equal(found, stepped(model, ids))


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("starts", [None, [0, 3, 11]])
def test_saliency_is_the_gradient_of_the_losses_of_the_next_tokens(tmp_path, monkeypatch, kind, starts):
    monkeypatch.setattr("lstmvis.models.saliency.VALUES", 5 * 4 * 3)
    model, ids = model_of(cells=5, layers=2, kind=kind).eval(), random_ids(25)
    sequences = None if starts is None else np.array(starts)
    found = extracted(tmp_path, model, ids, sequences, write=["saliency"], window=4)["saliency"]

    ends = [*(starts or [0])[1:], len(ids)]
    expected = []
    for start, end in zip(starts or [0], ends, strict=True):
        tokens = torch.from_numpy(ids[start:end].astype(np.int64)).unsqueeze(1)
        for position in range(len(tokens)):
            # Through the whole sequence at once, with the losses of the window alone.
            embedded = model.embedding(tokens).detach().requires_grad_()
            logits = model.decoder(model.recurrent(embedded)[0])[:-1, 0]
            losses = torch.nn.functional.cross_entropy(logits, tokens[1:, 0], reduction="none")
            (gradient,) = torch.autograd.grad(losses[position : position + 4].sum(), embedded)
            expected.append(gradient[position, 0].norm().item())
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found[-1] == 0
    assert (found > 1e-4).sum() > 15


def test_the_loss_is_what_training_calls_the_loss(tmp_path):
    model, ids = model_of().eval(), random_ids(50)
    tokens = torch.from_numpy(ids.astype(np.int64)).unsqueeze(1)
    expected = torch.nn.functional.cross_entropy(model(tokens)[0][:-1, 0], tokens[1:, 0], reduction="none")
    loss = extracted(tmp_path, model, ids)["loss"]
    assert np.isnan(loss[0])
    np.testing.assert_allclose(loss[1:], expected.detach().numpy(), atol=1e-5)


def test_dropout_is_off_and_the_model_stays_as_it_was(tmp_path):
    model, ids = model_of(layers=2).train(), random_ids(40)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    once, again = (extracted(tmp_path, model, ids, write=EVERYTHING["lstm"]) for _ in range(2))
    for name, values in once.items():
        np.testing.assert_array_equal(values, again[name])
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_project_says_what_its_sources_and_annotations_are(tmp_path):
    extracted(tmp_path, model_of(layers=2), random_ids(30), write=EVERYTHING["lstm"])
    project = Project(tmp_path / "project")
    assert project.problems == []
    assert [
        (source.path, source.type, source.layer, source.transform, source.unsigned)
        for source in project.sources.values()
    ] == [
        (f"layer{layer}/{path}", path.replace("_", " "), layer, transform, unsigned)
        for layer in (1, 2)
        for path, transform, unsigned in (
            ("cell", "tanh", False),
            ("hidden", "none", False),
            ("input_gate", "none", True),
            ("forget_gate", "none", True),
            ("candidate", "none", False),
            ("output_gate", "none", True),
        )
    ]
    assert all(source.states.contiguous for source in project.sources.values())
    assert list(project.annotations) == ["prediction", "loss", "saliency"]
    assert project.annotations["prediction"].dictionary.decode([1]) == ["b"]
    assert len(project.sequence_starts) == 0


def test_sequences_are_named_only_where_the_state_was_reset(tmp_path):
    extracted(tmp_path, model_of(), random_ids(30), np.array([0, 10]))
    assert Project(tmp_path / "project").sequence_starts.tolist() == [0, 10]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("lstm", ["layer1/cell", "layer1/hidden", "loss", "prediction/ids", "prediction/weights"]),
        ("gru", ["layer1/hidden", "loss", "prediction/ids", "prediction/weights"]),
    ],
)
def test_by_default_a_project_gets_what_the_model_has_and_costs_little(tmp_path, kind, names):
    assert sorted(extracted(tmp_path, model_of(kind=kind), random_ids(30))) == names


def test_some_layers_and_half_the_precision(tmp_path):
    model, ids = model_of(layers=3), random_ids(40)
    found = extracted(tmp_path, model, ids, write=["cell", "gates"], layers=[3, 1], dtype="float16")
    assert {name.split("/")[0] for name in found} == {"layer1", "layer3"}
    expected = stepped(model, ids)
    for name, values in found.items():
        assert values.dtype == np.float16
        np.testing.assert_allclose(values, expected[name], atol=1e-3)


def test_there_are_no_more_predictions_than_tokens_to_predict(tmp_path):
    assert extracted(tmp_path, model_of(), random_ids(9), ranks=50)["prediction/ids"].shape == (9, len(VOCABULARY))


@pytest.mark.parametrize(
    ("kind", "options", "sentence"),
    [
        (
            "gru",
            {"write": ["cell"]},
            "The model is a GRU, which has no cell. What there is to write: hidden, gates",
        ),
        ("rnn", {"write": ["gates"]}, "The model is a plain RNN, which has no gates. What there is to write: hidden, "),
        ("lstm", {"write": ["gate"]}, "There is no 'gate' to write, only cell, hidden, gates, predictions, loss, sal"),
        ("lstm", {"layers": [2]}, "The model has layer 1 only, not 2."),
        ("lstm", {"layers": [0, 1]}, "The model has layer 1 only, not 0, 1."),
    ],
)
def test_what_the_model_does_not_have_is_refused_and_nothing_is_left(tmp_path, kind, options, sentence):
    with pytest.raises(ExtractionError, match=sentence):
        extracted(tmp_path, model_of(kind=kind), random_ids(9), **options)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_ends_the_extraction(tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError("No space left on device")

    monkeypatch.setattr(extraction._Extractor, "write", fail)
    with pytest.raises(OSError, match="No space left"):
        extracted(tmp_path, model_of(), random_ids(9))
    assert list(tmp_path.iterdir()) == []
