import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence

from lstmvis.models.recurrence import internals, run_layers, time_first
from tests.models.stepping import EVERYTHING, KINDS, make, random_state, stepped


@st.composite
def situations(draw):
    """A module, what it is given, and the lengths of the rows."""
    kind = draw(st.sampled_from(KINDS))
    cells = draw(st.integers(2, 6))
    options = {
        "input_size": draw(st.integers(1, 4)),
        "hidden_size": cells,
        "num_layers": draw(st.integers(1, 3)),
        "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
        "bidirectional": draw(st.booleans()),
        "dtype": draw(st.sampled_from([torch.float32, torch.float64])),
    }
    if kind == "LSTM":
        options["proj_size"] = draw(st.integers(0, cells - 1))
    form = draw(st.sampled_from(["tensor", "packed", "packed in order", "one row"]))
    rows = 1 if form == "one row" else draw(st.integers(1, 4))
    lengths = draw(st.lists(st.integers(1, 7), min_size=rows, max_size=rows))
    if form in ("tensor", "one row"):
        lengths = [lengths[0]] * rows
    elif form == "packed in order":
        lengths.sort(reverse=True)
    torch.manual_seed(draw(st.integers(0, 1000)))
    module = make(kind, **options)
    padded = torch.randn(max(lengths), rows, options["input_size"], dtype=options["dtype"])
    if form == "one row":
        x = padded[:, 0]
    elif form == "tensor":
        x = padded.transpose(0, 1) if module.batch_first else padded
    else:
        x = pack_padded_sequence(padded, torch.tensor(lengths), enforce_sorted=form == "packed in order")
    state = random_state(module, rows) if draw(st.booleans()) else None
    if state is not None and form == "one row":
        state = tuple(part[:, 0] for part in state) if kind == "LSTM" else state[:, 0]
    return module, x, padded, lengths, state


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported")
@settings(deadline=None, max_examples=150)
@given(situations(), st.booleans())
@torch.no_grad()
def test_every_layer_direction_and_gate_equals_a_loop_over_cells(situation, output_is_known):
    module, x, padded, lengths, state = situation
    output, _ = module(x, state)
    passes = run_layers(module, x, state, output if output_is_known else None)
    exact = dict.fromkeys(("atol", "rtol"), 1e-5 if padded.dtype == torch.float32 else 1e-12)

    directions = 2 if module.bidirectional else 1
    assert [(each.layer, each.backward) for each in passes] == [
        (layer, direction == 1) for layer in range(module.num_layers) for direction in range(directions)
    ]
    given_state = state if isinstance(state, tuple) or state is None else (state,)
    expected_output = time_first(module, output)[0]
    for row, length in enumerate(lengths):
        below = padded[:length, row]
        for layer in range(module.num_layers):
            outputs = []
            for each in passes[layer * directions : (layer + 1) * directions]:
                index = layer * directions + each.backward
                if given_state is None:
                    widths = (module.proj_size or module.hidden_size, module.hidden_size)
                    before = tuple(padded.new_zeros(width) for width in widths)
                else:
                    before = tuple(part[index] if part.dim() == 2 else part[index, row] for part in given_state)
                read = below.flip(0) if each.backward else below
                expected = stepped(module.mode, module.all_weights[index], read, before)
                found = internals(module.mode, each.weights, each.x, each.hidden, each.before, EVERYTHING[module.mode])
                assert found.keys() == EVERYTHING[module.mode]
                torch.testing.assert_close(each.x[:length, row], read, **exact)
                for name, value in {**found, "hidden": each.hidden}.items():
                    torch.testing.assert_close(value[:length, row], expected[name], **exact)
                outputs.append(expected["hidden"].flip(0) if each.backward else expected["hidden"])
            below = torch.cat(outputs, dim=1)
        torch.testing.assert_close(below, expected_output[:length, row], **exact)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("form", ["tensor", "packed", "packed in order"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@torch.no_grad()
def test_dropout_between_layers_is_that_of_the_module_where_the_random_generator_is_set_back(
    dtype, kind, form, bidirectional
):
    torch.manual_seed(1)
    shape = {"input_size": 3, "hidden_size": 8, "num_layers": 3, "bidirectional": bidirectional}
    module = make(kind, **shape, dropout=0.5, dtype=dtype).train()
    x, lengths = torch.randn(6, 4, 3, dtype=dtype), [6, 4, 3, 1] if form == "packed in order" else [3, 6, 1, 4]
    if form != "tensor":
        x = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=form == "packed in order")
    generator = torch.get_rng_state()
    output, _ = time_first(module, module(x)[0])
    after = torch.get_rng_state()

    torch.set_rng_state(generator)
    passes = run_layers(module, x)
    assert torch.equal(torch.get_rng_state(), after)
    for row in range(4):
        length = 6 if form == "tensor" else lengths[row]
        outputs = [
            each.hidden[:length, row].flip(0) if each.backward else each.hidden[:length, row]
            for each in passes
            if each.layer == 2
        ]
        torch.testing.assert_close(torch.cat(outputs, dim=1), output[:length, row], atol=1e-4, rtol=1e-4)


def test_half_precision_is_computed_in_float32():
    torch.manual_seed(1)
    module = make("LSTM", input_size=3, hidden_size=4).to(torch.bfloat16)
    with torch.no_grad():
        (only,) = run_layers(module, torch.randn(5, 2, 3, dtype=torch.bfloat16))
        found = internals("LSTM", only.weights, only.x, only.hidden, only.before, {"cell", "forget"})
    assert {name: value.dtype for name, value in found.items()} == {"cell": torch.float32, "forget": torch.float32}
