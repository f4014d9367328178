import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.models.language_model import LAYERS, Configuration, ConfigurationError, LanguageModel, detached


@given(
    kind=st.sampled_from(sorted(LAYERS)),
    layers=st.integers(1, 4),
    cells=st.integers(1, 9),
    embedding_size=st.integers(1, 9),
    cut=st.integers(1, 11),
)
def test_the_state_carries_on_where_a_text_is_cut(kind, layers, cells, embedding_size, cut):
    torch.manual_seed(cells)
    model = LanguageModel(Configuration(5, cells, layers, embedding_size, dropout=0.5, kind=kind)).eval()
    tokens = torch.randint(5, (12, 3))
    whole, _ = model(tokens)
    begin, state = model(tokens[:cut])
    rest, _ = model(tokens[cut:], detached(state))
    assert whole.shape == (12, 3, 5)
    torch.testing.assert_close(torch.cat([begin, rest]), whole)


@pytest.mark.parametrize("kind", LAYERS)
def test_no_gradient_goes_through_a_detached_state(kind):
    _, state = LanguageModel(Configuration(5, cells=4, kind=kind))(torch.zeros(2, 1, dtype=torch.long))
    tensors = detached(state)
    assert not any(tensor.requires_grad for tensor in (tensors if isinstance(tensors, tuple) else [tensors]))


def test_tied_weights_are_one_matrix_that_begins_small():
    torch.manual_seed(0)
    model = LanguageModel(Configuration(50, cells=16, embedding_size=16, tied=True))
    assert model.embedding.weight is model.decoder.weight
    assert len(list(model.parameters())) == len(list(LanguageModel(Configuration(50, 16)).parameters())) - 1
    assert model.decoder.weight.abs().max() <= 0.25  # 1 / sqrt(cells), the range of a linear layer


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tied": True, "embedding_size": 32}, "the embedding has 32, the layers 16 cells"),
        ({"kind": "tree"}, "one of lstm, gru, rnn, not 'tree'"),
    ],
)
def test_a_model_that_cannot_be_is_refused(wrong, words):
    with pytest.raises(ConfigurationError, match=words):
        Configuration(50, cells=16, **wrong)
