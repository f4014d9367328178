import doctest
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lstmvis.data.arrays import Discrete, Scalar, write_project
from lstmvis.data.errors import ProjectError, ProjectExistsError
from lstmvis.data.project import Project
from lstmvis.models.recorder import record
from lstmvis.models.recurrence import GATES
from lstmvis.models.watching import QUANTITIES, RecordingError
from tests.models.stepping import KINDS, make, random_state, stepped

WORDS = ["<pad>", "a", "b", "c", "d", "e"]


def states_of(path):
    """The sources of a project by path, and the project."""
    project = Project(Path(path))
    assert not project.problems
    sources = {source.path: source.states.rows(0, source.steps) for source in project.sources.values()}
    return sources, project


def tokens_of(project):
    return project.words.decode(project.words.ids.integers(0, len(project.words.ids)))


class Reader(nn.Module):
    """Tokens through an embedding, a recurrent module and a linear one, rows first."""

    def __init__(self, rnn, packed=False):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), rnn.input_size)
        self.rnn = rnn
        self.packed = packed
        width = (rnn.proj_size or rnn.hidden_size) * (2 if rnn.bidirectional else 1)
        self.out = nn.Linear(width, 3).to(next(rnn.parameters()).dtype)

    def forward(self, ids, lengths=None):
        x = self.embedding(ids).to(next(self.rnn.parameters()).dtype)
        if self.packed:
            x = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            output, _ = pad_packed_sequence(self.rnn(x)[0], batch_first=True)
        elif self.rnn.batch_first:
            output, _ = self.rnn(x)
        else:
            output = self.rnn(x.transpose(0, 1))[0].transpose(0, 1)
        return self.out(output)


def random_batch(rows, steps, longest=True):
    """Ids (rows, steps) of which the lengths (rows,) are real."""
    lengths = torch.randint(1, steps + 1, (rows,))
    if longest:
        lengths[torch.randint(rows, ())] = steps
    ids = torch.randint(1, len(WORDS), (rows, steps))
    return ids * (torch.arange(steps) < lengths[:, None]), lengths


def test_the_example_in_the_documentation_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (example,) = doctest.DocTestFinder().find(record, "record", globs={"record": record})
    failed, tried = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(example)
    assert tried > 8
    assert not failed


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported")
@settings(deadline=None, max_examples=30)
@given(
    kind=st.sampled_from(KINDS),
    layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    batch_first=st.booleans(),
    packed=st.booleans(),
    projected=st.booleans(),
    says=st.sampled_from(["lengths", "mask", "padding"]),
    seed=st.integers(0, 1000),
)
def test_every_token_has_the_states_of_its_sequence_stepped_through_by_itself(
    tmp_path_factory, kind, layers, bidirectional, batch_first, packed, projected, says, seed
):
    torch.manual_seed(seed)
    shape = {"input_size": 3, "hidden_size": 4, "num_layers": layers, "bidirectional": bidirectional}
    if kind == "LSTM" and projected:
        shape["proj_size"] = 2
    model = Reader(make(kind, **shape, batch_first=batch_first, dtype=torch.float64), packed)
    # Unpacked, a bidirectional module reads the padding of a row first: then only whole rows are like those alone.
    whole = bidirectional and not packed
    path = tmp_path_factory.mktemp("recorded") / "project"
    sequences = []
    with record(
        model,
        path,
        WORDS,
        states=QUANTITIES,
        outputs=["out"],
        batch_first=True,
        padding=0 if says == "padding" else None,
    ) as recorder:
        for rows, steps in ((3, 5), (2, 7), (4, 1)):
            ids, lengths = random_batch(rows, steps)
            if whole:
                ids, lengths = torch.randint(1, len(WORDS), (rows, steps)), torch.full((rows,), steps)
            model(ids, lengths)
            if says == "lengths":
                recorder.tokens(ids, lengths)
            else:
                recorder.tokens(ids, mask=ids > 0) if says == "mask" else recorder.tokens(ids)
            sequences += [row[:length] for row, length in zip(ids, lengths, strict=True)]

    found, project = states_of(path)
    assert tokens_of(project) == [WORDS[number] for sequence in sequences for number in sequence]
    lengths = [len(sequence) for sequence in sequences]
    starts = np.cumsum([0, *lengths[:-1]])
    assert project.sequence_starts.tolist() == starts.tolist()
    directions = ("forward", "backward") if bidirectional else ("",)
    names = ("hidden", *(["cell"] if kind == "LSTM" else []), *GATES[kind])
    assert len(found) == layers * len(directions) * len(names) + 1
    rnn = model.rnn
    with torch.no_grad():
        for sequence, start in zip(sequences, starts, strict=True):
            below = model.embedding(sequence).double()
            rows = slice(start, start + len(sequence))
            for layer in range(layers):
                outputs = []
                for number, direction in enumerate(directions):
                    read = below.flip(0) if number else below
                    before = (torch.zeros(shape.get("proj_size", 4)).double(), torch.zeros(4).double())
                    weights = rnn.all_weights[layer * len(directions) + number]
                    for name, values in stepped(kind, weights, read, before).items():
                        values = values.flip(0) if number else values
                        file = name if name in ("hidden", "cell", "candidate") else f"{name}_gate"
                        place = "/".join(part for part in (f"rnn/layer{layer + 1}", direction, file) if part)
                        np.testing.assert_allclose(found[place][rows], values, atol=1e-6)
                        if name == "hidden":
                            outputs.append(values)
                below = torch.cat(outputs, dim=1)
            np.testing.assert_allclose(found["out/output"][rows], model.out(below), atol=1e-6)


def trained(packed, path=None):
    """All that a program computes in four updates, and where its random generator stands after them."""
    torch.manual_seed(3)
    rnn = make("LSTM", input_size=3, hidden_size=8, num_layers=3, dropout=0.4, bidirectional=True)
    model = Reader(rnn, packed).train()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    seen = []
    with record(model, path, WORDS, states=QUANTITIES, outputs=["out"]) if path else nullcontext() as recorder:
        for _ in range(4):
            ids, lengths = random_batch(3, 6)
            scores = model(ids, lengths)
            optimizer.zero_grad()
            scores.square().mean().backward()
            optimizer.step()
            seen += [scores.detach(), *(parameter.grad.clone() for parameter in model.parameters())]
            if recorder:
                recorder.tokens(ids, lengths)
    return [*seen, *model.state_dict().values(), torch.get_rng_state()]


@pytest.mark.parametrize("packed", [False, True])
def test_results_gradients_and_random_numbers_stay_what_they_are(tmp_path, packed):
    expected, found = trained(packed), trained(packed, tmp_path / "project")
    assert len(expected) == len(found)
    assert all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))


@pytest.mark.parametrize("packed", [False, True])
def test_inner_states_under_dropout_are_those_of_the_pass_itself(tmp_path, packed):
    torch.manual_seed(1)
    rnn = make("LSTM", input_size=3, hidden_size=8, num_layers=3, dropout=0.5)
    model = Reader(rnn, packed).train()
    ended = []
    rnn.register_forward_hook(lambda module, args, output: ended.append(output[1]))
    ids, lengths = random_batch(4, 6)
    if not packed:
        lengths[:] = 6
    with record(model, tmp_path / "project", WORDS) as recorder:
        model(ids, lengths)
        recorder.tokens(ids, lengths)
    found, _ = states_of(tmp_path / "project")
    last = np.cumsum(lengths.tolist()) - 1
    ((hidden, cell),) = ended
    for layer in range(3):
        np.testing.assert_allclose(found[f"rnn/layer{layer + 1}/hidden"][last], hidden[layer].detach(), atol=1e-5)
        np.testing.assert_allclose(found[f"rnn/layer{layer + 1}/cell"][last], cell[layer].detach(), atol=1e-5)


def test_dropout_that_cannot_be_repeated_is_refused(tmp_path):
    class Capricious(nn.LSTM):
        def forward(self, *args):
            torch.rand(1)
            return super().forward(*args)

    model = Reader(Capricious(3, 4, num_layers=2, dropout=0.5))
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_()
    refused(
        tmp_path, r"The dropout between the layers of 'rnn' \(Capricious\) cannot be repeated", once(batch()), model
    )
    model.eval()
    with record(model, tmp_path / "project", WORDS) as recorder:
        once(batch())(model, recorder)


def test_a_model_is_as_before_once_the_block_has_ended(tmp_path):
    model = Reader(make("LSTM", input_size=3, hidden_size=4, num_layers=2, dropout=0.5))
    ids, _ = random_batch(2, 5)
    with record(model, tmp_path / "project", WORDS) as recorder:
        model(ids)
        recorder.tokens(ids)
        model(ids)
        with recorder.paused():
            with recorder.paused():
                model(ids)
            model(ids)
        recorder.tokens(ids)
    with recorder.paused():
        model(ids)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert len(tokens_of(states_of(tmp_path / "project")[1])) == 20


class Language(nn.Module):
    """A language model over (steps, rows), whose state its caller carries on."""

    def __init__(self, kind="LSTM"):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 3)
        self.rnn = make(kind, input_size=3, hidden_size=4, num_layers=2)
        self.decoder = nn.Linear(4, len(WORDS))

    def forward(self, ids, state=None):
        output, state = self.rnn(self.embedding(ids), state)
        return self.decoder(output.reshape(-1, 4)), state


def detached(state):
    return state.detach() if isinstance(state, torch.Tensor) else tuple(part.detach() for part in state)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("carried", [None, True])
def test_rows_whose_state_is_carried_on_lie_in_one_piece(tmp_path, kind, carried):
    torch.manual_seed(2)
    model = Language(kind)
    text = torch.randint(1, len(WORDS), (17, 3))  # steps, rows
    state = None
    with record(model, tmp_path / "project", WORDS, outputs=["decoder"], carried=carried) as recorder:
        for ids in text.split(5):
            _, state = model(ids, state)
            state = detached(state)
            recorder.tokens(ids, number=ids.float())

    found, project = states_of(tmp_path / "project")
    assert tokens_of(project) == [WORDS[number] for number in text.T.flatten()]
    assert project.annotations["number"].values.rows(0, 51).tolist() == text.T.flatten().tolist()
    assert project.sequence_starts.tolist() == [0, 17, 34]  # where the state was reset
    with torch.no_grad():
        expected, _ = model.rnn(model.embedding(text))
    expected = expected.transpose(0, 1).flatten(0, 1)
    np.testing.assert_allclose(found["rnn/layer2/hidden"], expected, atol=1e-5)
    np.testing.assert_allclose(found["decoder/output"], model.decoder(expected).detach(), atol=1e-5)


def test_one_row_that_is_carried_on_is_a_text_without_sequences(tmp_path):
    model, state = Language(), None
    with record(model, tmp_path / "project", WORDS) as recorder:
        for ids in torch.randint(1, len(WORDS), (20, 1)).split(8):
            _, state = model(ids, state)
            recorder.tokens(ids)
    project = states_of(tmp_path / "project")[1]
    assert len(tokens_of(project)) == 20
    assert not len(project.sequence_starts)


def test_a_row_whose_state_is_reset_begins_a_sequence_while_others_go_on(tmp_path):
    model = Language()
    first, second = torch.tensor([[1, 2], [1, 2]]), torch.tensor([[3, 4], [3, 4]])
    with record(model, tmp_path / "project", WORDS, batch_first=False) as recorder:
        _, state = model(first)
        recorder.tokens(first)
        state = tuple(part * torch.tensor([0.0, 1.0])[:, None] for part in state)
        model(second, state)
        recorder.tokens(second)
    project = states_of(tmp_path / "project")[1]
    assert tokens_of(project) == ["a", "a", "b", "b", "d", "d", "c", "c"]
    assert project.sequence_starts.tolist() == [0, 2, 6]


@pytest.mark.parametrize("carried", [False, True])
def test_a_state_that_comes_from_elsewhere_is_refused_until_its_meaning_is_said(tmp_path, carried):
    model = Language()
    ids = torch.tensor([[1], [2]])

    def program(model, recorder):
        model(ids, random_state(model.rnn, 1))
        recorder.tokens(ids)

    refused(tmp_path, "neither zero nor the one that it ended with", program, model)
    with record(model, tmp_path / "project", WORDS, carried=carried) as recorder:
        for _ in range(2):
            program(model, recorder)
    assert states_of(tmp_path / "project")[1].sequence_starts.tolist() == ([] if carried else [0, 2])


class Stepper(nn.Module):
    """Calls a cell once a step, and its output layer too."""

    def __init__(self, cell):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 3)
        self.cell = cell
        self.out = nn.Linear(4, 2)

    def forward(self, ids, state=None):
        scores = []
        for step in self.embedding(ids).unbind(1):
            state = self.cell(step, state)
            scores.append(self.out(state[0] if isinstance(state, tuple) else state))
        return torch.stack(scores, dim=1), state


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_cells_are_recorded_step_by_step(tmp_path, kind):
    torch.manual_seed(1)
    cell = {"LSTM": nn.LSTMCell, "GRU": nn.GRUCell}.get(kind)
    cell = cell(3, 4) if cell else nn.RNNCell(3, 4, nonlinearity=kind[4:].lower())
    model = Stepper(cell)
    text = torch.randint(1, len(WORDS), (2, 9))
    state = None
    with record(model, tmp_path / "project", WORDS, states=QUANTITIES, outputs=["out"]) as recorder:
        for ids in (text[:, :5], text[:, 5:]):
            _, state = model(ids, state)
            recorder.tokens(ids)

    found, project = states_of(tmp_path / "project")
    assert project.sequence_starts.tolist() == [0, 9]
    weights = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
    for row, ids in enumerate(text):
        expected = stepped(kind, weights, model.embedding(ids), (torch.zeros(4), torch.zeros(4)))
        place = slice(9 * row, 9 * row + 9)
        assert len(found) == len(expected) + 1
        for name, values in expected.items():
            file = name if name in ("hidden", "cell", "candidate") else f"{name}_gate"
            np.testing.assert_allclose(found[f"cell/layer1/{file}"][place], values, atol=1e-5)
        np.testing.assert_allclose(found["out/output"][place], model.out(expected["hidden"]), atol=1e-5)


def test_a_module_that_is_called_once_a_step_is_recorded_as_one_pass(tmp_path):
    model = Language("GRU")
    ids, state = torch.randint(1, len(WORDS), (6, 2)), None
    with record(model, tmp_path / "project", WORDS) as recorder:
        for step in ids:
            _, state = model(step[None], state)
        recorder.tokens(ids)
    found, _ = states_of(tmp_path / "project")
    expected = model.rnn(model.embedding(ids))[0].transpose(0, 1).flatten(0, 1)
    np.testing.assert_allclose(found["rnn/layer2/hidden"], expected.detach(), atol=1e-5)


def test_sources_say_what_they_are(tmp_path):
    model = nn.ModuleDict(
        {
            "encoder": make("LSTM", input_size=3, hidden_size=4, bidirectional=True),
            "decoder": make("GRU", input_size=3, hidden_size=4, num_layers=2),
            "free": nn.Linear(3, 2),
        }
    )
    x = torch.randn(5, 2, 3)
    states = ("hidden", "cell", "forget", "candidate", "update")
    with record(model, tmp_path / "both", states=states, outputs=["free"], batch_first=False) as recorder:
        for module in model.values():
            module(x)
        recorder.tokens([["a"] * 5, ["b"] * 5])
    described = [source.describe() for source in states_of(tmp_path / "both")[1].sources.values()]
    assert [(each["path"], each["layer"], each["type"]) for each in described] == [
        ("encoder/layer1/forward/hidden", 1, "encoder hidden, forward"),
        ("encoder/layer1/forward/cell", 1, "encoder cell, forward"),
        ("encoder/layer1/forward/forget_gate", 1, "encoder forget gate, forward"),
        ("encoder/layer1/forward/candidate", 1, "encoder candidate, forward"),
        ("encoder/layer1/backward/hidden", 1, "encoder hidden, backward"),
        ("encoder/layer1/backward/cell", 1, "encoder cell, backward"),
        ("encoder/layer1/backward/forget_gate", 1, "encoder forget gate, backward"),
        ("encoder/layer1/backward/candidate", 1, "encoder candidate, backward"),
        ("decoder/layer1/hidden", 1, "decoder hidden"),
        ("decoder/layer1/update_gate", 1, "decoder update gate"),
        ("decoder/layer1/candidate", 1, "decoder candidate"),
        ("decoder/layer2/hidden", 2, "decoder hidden"),
        ("decoder/layer2/update_gate", 2, "decoder update gate"),
        ("decoder/layer2/candidate", 2, "decoder candidate"),
        ("free/output", 1, "free"),
    ]
    assert {each["path"] for each in described if each["transform"] == "tanh"} == {
        "encoder/layer1/forward/cell",
        "encoder/layer1/backward/cell",
    }
    assert {each["path"].split("/")[-1] for each in described if each["unsigned"]} == {"forget_gate", "update_gate"}

    with record(model["decoder"], tmp_path / "one", states=["hidden"]) as recorder:
        model["decoder"](x)
        recorder.tokens([["a"] * 5, ["b"] * 5])
    assert [(each.path, each.type) for each in states_of(tmp_path / "one")[1].sources.values()] == [
        ("layer1/hidden", "hidden"),
        ("layer2/hidden", "hidden"),
    ]


def test_tokens_may_be_strings_in_rows_of_their_own_lengths(tmp_path):
    model = make("GRU", input_size=3, hidden_size=4, batch_first=True)
    x = torch.randn(3, 9, 3)
    with record(model, tmp_path / "project", description="Three rows") as recorder:
        output = model(x)[0].detach()
        recorder.tokens([["the", "cat"], [], ["sleeps"]], tag=[["D", "N"], [], ["V"]], good=[True, True, False])
    found, project = states_of(tmp_path / "project")
    assert tokens_of(project) == ["the", "cat", "sleeps"]
    assert project.sequence_starts.tolist() == [0, 2]
    assert project.description == "Three rows"
    assert np.array_equal(found["layer1/hidden"], torch.cat([output[0, :2], output[2, :1]]).numpy())


def test_labels_have_the_order_that_write_project_gives_them_however_they_come(tmp_path):
    model = make("GRU", input_size=3, hidden_size=4, batch_first=True)
    tags = [["Z", "Y", "Z"], ["A", "Z", "B"]]
    with record(model, tmp_path / "project") as recorder:
        for row in tags:
            model(torch.randn(1, 3, 3))
            recorder.tokens([["t"] * 3], tag=[row], said=Discrete([row], ["Z", "Y", "B", "A"]))
    annotations = states_of(tmp_path / "project")[1].annotations
    write_project(tmp_path / "arrays", ["t"] * 6, np.zeros((6, 1)), {"tag": np.ravel(tags)})
    written = Project(tmp_path / "arrays").annotations["tag"]
    assert annotations["tag"].dictionary.tokens() == written.dictionary.tokens() == ["A", "B", "Y", "Z"]
    assert annotations["tag"].values.rows(0, 6).tolist() == written.values.rows(0, 6).tolist() == [3, 2, 3, 0, 3, 1]
    assert annotations["said"].dictionary.tokens() == ["Z", "Y", "B", "A"]
    assert annotations["said"].values.rows(0, 6).tolist() == [0, 1, 0, 3, 0, 2]


def test_a_numeric_series_needs_no_tokens(tmp_path):
    model = make("LSTM", input_size=1, hidden_size=4, batch_first=True)
    series = torch.randn(2, 30)
    with record(model, tmp_path / "project") as recorder:
        model(series[:, :, None])
        recorder.tokens(None, [30, 20], value=series, broken=torch.tensor([1.5, 2.5]))
    found, project = states_of(tmp_path / "project")
    assert project.words is None
    values = torch.cat([series[0], series[1, :20]]).tolist()
    assert project.annotations["value"].values.rows(0, 50).tolist() == pytest.approx(values)
    assert project.annotations["broken"].values.rows(0, 50).tolist() == [1.5] * 30 + [2.5] * 20
    assert found["layer1/cell"].shape == (50, 4)


def test_annotations_are_given_a_token_or_a_row_as_labels_or_numbers(tmp_path):
    model = Reader(make("LSTM", input_size=3, hidden_size=4))
    batches = [torch.tensor([[1, 2, 3], [4, 5, 0]]), torch.tensor([[2, 2, 2, 2], [1, 0, 0, 0]])]
    with record(model, tmp_path / "project", WORDS, padding=0) as recorder:
        for number, ids in enumerate(batches):
            model(ids)
            recorder.tokens(
                ids,
                topic=["x", "y"],
                row=Discrete(torch.tensor([0, 1]), ["negative", "positive"]),
                twice=ids * 2,
                loss=Scalar(ids / 2, (0, 12)),
                batch=np.full(2, number + 0.5),
            )
    _, project = states_of(tmp_path / "project")
    ids = [1, 2, 3, 4, 5, 2, 2, 2, 2, 1]

    def values(name):
        return project.annotations[name].values.rows(0, 10).tolist()

    def labels(name):
        return project.annotations[name].dictionary.decode(values(name))

    assert labels("topic") == list("xxxyyxxxxy")
    assert labels("row") == ["negative" if label == "x" else "positive" for label in "xxxyyxxxxy"]
    assert labels("twice") == [str(2 * number) for number in ids]
    assert values("loss") == [number / 2 for number in ids]
    assert project.describe()["meta"]["loss"]["vis"]["range"] == [0, 12]
    assert values("batch") == [0.5] * 5 + [1.5] * 5


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_states_are_written_as_asked_uncompressed_and_in_one_piece(tmp_path, dtype):
    model = Reader(make("LSTM", input_size=3, hidden_size=4))
    ids, lengths = random_batch(3, 5)
    with record(model, tmp_path / "project", WORDS, dtype=dtype) as recorder:
        model(ids)
        recorder.tokens(ids, lengths)
    for source in Project(tmp_path / "project").sources.values():
        assert source.states.contiguous
        assert source.states.dtype == dtype


def test_autocast_and_inference_mode_are_recorded_like_any_other_pass(tmp_path):
    torch.manual_seed(1)
    model = Reader(make("LSTM", input_size=3, hidden_size=4, num_layers=2)).eval()
    ids = torch.randint(1, len(WORDS), (2, 6))
    with record(model, tmp_path / "plain", WORDS) as recorder:
        model(ids)
        recorder.tokens(ids)
    plain, _ = states_of(tmp_path / "plain")
    for name, context in (
        ("inference", torch.inference_mode()),
        ("autocast", torch.autocast("cpu", torch.bfloat16)),
    ):
        with record(model, tmp_path / name, WORDS) as recorder:
            with context:
                model(ids)
            recorder.tokens(ids)
        found, _ = states_of(tmp_path / name)
        for path, values in plain.items():
            np.testing.assert_allclose(found[path], values, atol=1e-6 if name == "inference" else 0.1)


def test_a_single_row_may_come_without_an_axis_for_rows(tmp_path):
    model = make("LSTM", input_size=3, hidden_size=4, num_layers=2)
    x, state = torch.randn(9, 3), None
    with record(model, tmp_path / "project", WORDS) as recorder:
        for part in (x[:5], x[5:]):
            _, state = model(part, state)
            recorder.tokens(torch.arange(len(part)), number=np.arange(len(part)), all="same")
    found, project = states_of(tmp_path / "project")
    assert not len(project.sequence_starts)
    assert tokens_of(project) == WORDS[:5] + WORDS[:4]
    assert project.annotations["number"].values.rows(0, 9).tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3]
    np.testing.assert_allclose(found["layer2/hidden"], model(x)[0].detach(), atol=1e-5)


@pytest.mark.parametrize("batch_first", [True, False])
def test_modules_that_are_not_recurrent_are_recorded_by_themselves(tmp_path, batch_first):
    model = nn.Sequential(nn.Embedding(len(WORDS), 3), nn.Linear(3, 2))
    ids, lengths = random_batch(2, 5)
    with record(model, tmp_path / "project", WORDS, outputs=["1"], batch_first=batch_first) as recorder:
        values = model(ids if batch_first else ids.T).detach()
        recorder.tokens(ids if batch_first else ids.T, lengths)
    found, project = states_of(tmp_path / "project")
    values = values if batch_first else values.transpose(0, 1)
    expected = torch.cat([row[:length] for row, length in zip(values, lengths, strict=True)])
    assert list(found) == ["1/output"]
    assert np.array_equal(found["1/output"], expected.numpy())
    assert project.sequence_starts.tolist() == [0, int(lengths[0])]


def refused(tmp_path, match, program, model=None, **options):
    model = Reader(make("LSTM", input_size=3, hidden_size=4)) if model is None else model
    with (
        pytest.raises((RecordingError, ProjectError), match=match),
        record(model, tmp_path / "project", **{"vocabulary": WORDS, **options}) as recorder,
    ):
        program(model, recorder)
    assert not list(tmp_path.iterdir())


def batch(rows=2, steps=5):
    return torch.randint(1, len(WORDS), (rows, steps))


def once(*said, **more):
    def program(model, recorder):
        model(batch())
        recorder.tokens(*said, **more)

    return program


def twice(model, recorder):
    model(batch())
    once(batch())(model, recorder)


def nothing(model, recorder):
    pass


def without_a_pass(model, recorder):
    once(batch())(model, recorder)
    recorder.tokens(batch())


def without_tokens(model, recorder):
    once(batch())(model, recorder)
    model(batch())


def only_tokens_at_first(model, recorder):
    once(batch())(model, recorder)
    once(batch(), loss=batch())(model, recorder)


@pytest.mark.parametrize(
    ("program", "match"),
    [
        (nothing, "Nothing was recorded"),
        (without_a_pass, r"No recorded module has run within .* since recorder.tokens was last called.*'rnn' \(LSTM\)"),
        (without_tokens, r"'rnn' \(LSTM\) has run, but recorder.tokens was not called.*recorder.paused"),
        (twice, "ran 2 times since recorder.tokens was last called, each time anew.*recorder.paused"),
        (once(batch(3, 5)), "The tokens are 3 x 5, as rows x steps or steps x rows; the modules ran over 2 rows of 5"),
        (once(batch(2, 6)), "The tokens are 2 x 6"),
        (once(batch(), [5]), "`lengths` must be 2 integers, one a row"),
        (once(batch(), [6, 5]), "`lengths` must be from 0 to 5, the steps of the tokens; found 5 to 6"),
        (once(batch(), [0, 0]), "Nothing was recorded"),
        (once(batch(), [1, 2], mask=batch() > 0), "either `lengths` or `mask`, not both"),
        (once(batch().float()), "The tokens cannot be numbers"),
        (once(torch.full((2, 5), 6)), "The tokens must be from 0 to 5, those that stand for something; found 6 to 6"),
        (once([["a", "b", "c", "d", "f"], ["a"] * 5]), "The tokens hold 'f', which is not among those that were given"),
        (
            once(batch(), loss=torch.zeros(3)),
            r"values of 'loss' must be one a token or one a row, of which there are 2",
        ),
        (once(batch(), loss=torch.zeros(2, 4)), "The values of 'loss' are 2 x 4, as rows x steps"),
        (
            once([["a"] * 5] * 2, tag=[["x"] * 5, ["x"] * 4]),
            r"values of 'tag' are \[5, 4\] in each row, fewer than the tokens, which are \[5, 5\]",
        ),
        (once(batch(), tag=Discrete(batch(), ["a", "b"])), "values of 'tag' must be from 0 to 1, those that stand for"),
        (once(batch(), tag=Discrete(torch.zeros(2, 5))), "The values of 'tag' cannot be numbers"),
        (once(batch(), loss=Scalar(["x", "y"])), "The values of 'loss' cannot be strings"),
        (only_tokens_at_first, "must say the same; these came in some only: 'loss'"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_words_and_leaves_nothing(tmp_path, program, match):
    refused(tmp_path, match, program)


def test_a_recorder_writes_one_project_and_keeps_it(tmp_path):
    model = Reader(make("LSTM", input_size=3, hidden_size=4))
    recorder = record(model, tmp_path / "project", WORDS, replace=True)
    with recorder:
        once(batch())(model, recorder)
    with pytest.raises(RecordingError, match="A recorder writes one project"), recorder:
        pytest.fail("recorded again")
    assert not model.rnn._forward_hooks
    assert len(tokens_of(states_of(tmp_path / "project")[1])) == 10


def test_ids_need_a_vocabulary(tmp_path):
    refused(tmp_path, "The tokens are ids: say what they stand for", once(batch()), vocabulary=None)


@pytest.mark.parametrize("batch_first", [True, False])
def test_a_shape_that_may_be_read_both_ways_is_refused_until_one_is_said(tmp_path, batch_first):
    ids = batch(4, 4)

    def program(model, recorder):
        model(ids)
        recorder.tokens(ids)

    refused(tmp_path, "4 x 4, which may be rows x steps or steps x rows", program)
    model = Reader(make("LSTM", input_size=3, hidden_size=4))
    with record(model, tmp_path / "project", WORDS, batch_first=batch_first) as recorder:
        program(model, recorder)
    expected = ids if batch_first else ids.T
    assert tokens_of(states_of(tmp_path / "project")[1]) == [WORDS[number] for number in expected.flatten()]


def test_a_layout_that_was_seen_once_holds_for_batches_that_fit_both_ways(tmp_path):
    model = Reader(make("LSTM", input_size=3, hidden_size=4))
    with record(model, tmp_path / "project", WORDS) as recorder:
        for ids in (batch(2, 3), batch(3, 3)):
            model(ids)
            recorder.tokens(ids)
    assert tokens_of(states_of(tmp_path / "project")[1])[6:] == [WORDS[number] for number in ids.flatten()]


def test_modules_that_run_over_other_tokens_are_left_out_by_name(tmp_path):
    model = nn.ModuleDict({name: make("GRU", input_size=3, hidden_size=4) for name in ("encoder", "decoder")})

    def program(model, recorder):
        model["encoder"](torch.randn(7, 2, 3))
        model["decoder"](torch.randn(5, 2, 3))
        recorder.tokens(batch(2, 5))

    refused(tmp_path, r"'encoder' \(GRU\) over 2 rows of 7, 'decoder' \(GRU\) over 2 rows of 5", program, model)
    with record(model, tmp_path / "project", WORDS, modules=["decoder"]) as recorder:
        program(model, recorder)
    assert list(states_of(tmp_path / "project")[0]) == ["decoder/layer1/hidden"]


def test_a_module_that_runs_for_two_texts_is_told_after_each(tmp_path):
    encoder = make("LSTM", input_size=3, hidden_size=4, batch_first=True)
    first, second = torch.randn(2, 3, 3), torch.randn(2, 4, 3)
    texts = ([["a", "b", "c"]] * 2, [["d", "e", "f", "g"]] * 2)

    def at_the_end(model, recorder):
        model(first)
        model(second)
        recorder.tokens(texts[0])

    refused(tmp_path, "ran 2 times since", at_the_end, encoder, vocabulary=None)
    with record(encoder, tmp_path / "project") as recorder:
        for x, text in zip((first, second), texts, strict=True):
            encoder(x)
            recorder.tokens(text)
    assert "".join(tokens_of(states_of(tmp_path / "project")[1])) == "abcabcdefgdefg"


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"states": ["hiden"]}, "`states` must be of hidden, cell, input, .*; not 'hiden'"),
        ({"modules": ["lstm"]}, "'lstm' in `modules` is no recurrent module of Reader; there are: 'rnn'"),
        ({"outputs": ["rnn"]}, "'rnn' in `outputs` is no module of Reader, or a recurrent one; there are: 'embedding'"),
        ({"states": ["reset"]}, "no nn.LSTM, nn.GRU, nn.RNN or Cell of these with reset"),
        ({"dtype": "float64"}, "`dtype` must be float16 or float32, not 'float64'"),
    ],
)
def test_options_that_name_nothing_are_refused_with_what_there_is(tmp_path, options, match):
    refused(tmp_path, match, nothing, **options)


@pytest.mark.parametrize("model", [len, {"weights": 1}, nn.LSTM])
def test_what_is_no_model_is_refused(tmp_path, model):
    with pytest.raises(RecordingError, match=r"What is recorded must be a torch.nn.Module, not "):
        record(model, tmp_path / "project")


@pytest.mark.parametrize("hidden_in", [nn.DataParallel, lambda model: torch.compile(model, backend="eager")])
def test_models_whose_modules_do_not_run_themselves_are_refused(tmp_path, hidden_in):
    refused(tmp_path, "Record and run", nothing, hidden_in(Reader(make("LSTM", input_size=3, hidden_size=4))))


def test_a_block_that_ends_by_an_error_leaves_nothing_and_an_older_project_as_it_was(tmp_path):
    model = Reader(make("LSTM", input_size=3, hidden_size=4))
    with record(model, tmp_path / "project", WORDS, name="older") as recorder:
        once(batch())(model, recorder)
    with pytest.raises(ProjectExistsError), record(model, tmp_path / "project", WORDS):
        pytest.fail("refused only when all is done")

    def stop(model, recorder):
        once(batch())(model, recorder)
        raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        record(model, tmp_path / "project", WORDS, name="newer", replace=True) as recorder,
    ):
        stop(model, recorder)
    assert Project(tmp_path / "project").name == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["project"]
    with record(model, tmp_path / "project", WORDS, name="newer", replace=True) as recorder:
        once(batch())(model, recorder)
    assert Project(tmp_path / "project").name == "newer"


def test_a_zero_state_begins_anew_even_where_the_pass_before_ended_in_one(tmp_path):
    model = make("GRU", input_size=3, hidden_size=4, batch_first=True)
    for weights in model.parameters():
        nn.init.zeros_(weights)  # it never leaves the zero state
    with record(model, tmp_path / "project") as recorder:
        for _ in range(2):
            model(torch.randn(2, 3, 3), torch.zeros(1, 2, 4))
            recorder.tokens([["a", "b", "c"]] * 2)
    assert states_of(tmp_path / "project")[1].sequence_starts.tolist() == [0, 3, 6, 9]


def test_what_a_cell_gave_is_recorded_though_the_program_goes_on_in_place(tmp_path):
    cell = nn.GRUCell(3, 4)
    with torch.no_grad(), record(cell, tmp_path / "project") as recorder:
        given = cell(torch.randn(2, 3))
        expected = given.clone()
        given.zero_()
        recorder.tokens([["a"], ["b"]])
    assert np.array_equal(states_of(tmp_path / "project")[0]["layer1/hidden"], expected)
