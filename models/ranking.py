"""From logits to the likeliest tokens, their probabilities, and the loss of the token that came."""

import torch
from torch import Tensor

from lstmvis.models.kernels import rank


def ranked(logits: Tensor, tokens: Tensor, ranks: int) -> tuple[Tensor, Tensor, Tensor]:
    """The `ranks` likeliest ids (N, ranks) of logits (N, V), their probabilities, and -ln p(tokens (N,))."""
    if logits.device.type != "cpu":
        total = logits.logsumexp(1, keepdim=True)
        best, ids = logits.topk(ranks)
        return ids, (best - total).exp_(), (total - logits.gather(1, tokens.unsqueeze(1))).squeeze(1)
    # PyTorch sorts every row in four passes over it; this is one.
    ids = torch.empty(len(logits), ranks, dtype=torch.int64)
    weights, losses = torch.empty(len(logits), ranks), torch.empty(len(logits))
    rank(logits.numpy(), tokens.numpy(), ids.numpy(), weights.numpy(), losses.numpy())
    return ids, weights, losses
