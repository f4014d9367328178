import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from lstmvis.models.ranking import ranked


@given(st.integers(1, 40), st.integers(1, 8), st.sampled_from([0.01, 1.0, 30.0, 1000.0]), st.integers(0, 1000))
def test_ids_weights_and_losses_are_those_of_pytorch(size, ranks, spread, seed):
    ranks = min(ranks, size)
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(6, size, generator=generator) * spread
    tokens = torch.randint(size, (6,), generator=generator)
    ids, weights, losses = ranked(logits, tokens, ranks)
    expected, _ = logits.softmax(1).topk(ranks)
    np.testing.assert_allclose(weights, expected, atol=1e-6)
    np.testing.assert_allclose(logits.gather(1, ids), logits.gather(1, logits.topk(ranks).indices))
    rounding = 1e-5 + 1e-6 * spread  # of logits several times as large
    np.testing.assert_allclose(losses, cross_entropy(logits, tokens, reduction="none"), rtol=1e-5, atol=rounding)


def test_of_equally_likely_tokens_the_lower_id_comes_first():
    ids, weights, losses = ranked(torch.zeros(1, 4), torch.tensor([2]), 3)
    assert ids.tolist() == [[0, 1, 2]]
    np.testing.assert_allclose(weights, 0.25, rtol=1e-6)
    np.testing.assert_allclose(losses, np.log(4), rtol=1e-6)
