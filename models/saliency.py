"""Gradient saliency: how much does a token matter to what the model predicts after it?

The saliency of token t is the length of the gradient, with respect to the embedding of t, of the losses of the next
tokens, as many as `window` says, added up:

    s[t] = || d (loss[t+1] + ... + loss[t+window]) / d embedding[t] ||

as Li, Chen, Hovy, Jurafsky, "Visualizing and understanding neural models in NLP", NAACL 2016 (first-derivative
saliency), define it for one output of the model. Each token has a backward pass of its own over its window, exact
within it; the state before the token counts as given. What the token does later than that is left out: it is
backpropagation through time cut after `window` steps. Fewer losses count at the end of a sequence, none at its last
token, whose saliency is 0.

It costs `window` times as much as a training step over the text, so it is slow. Tokens are taken many at a time.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from lstmvis.models.language_model import LanguageModel

VALUES = 1 << 22  # of logits at a time: bounds the memory, changes no result
NO_TOKEN = -1


def saliency(model: LanguageModel, tokens: Tensor, before: list[Tensor]) -> Tensor:
    """The saliency (N,) of N tokens, each the first of a row of `tokens` (N, 1 + window) with the tokens that follow.

    `before` are the states before the first tokens, as the model's layers take them: hidden and, of an LSTM, cell
    states, each (layers, N, C). Where a sequence ends within a row, NO_TOKEN stands for what does not follow.
    """
    rows = max(1, VALUES // (model.configuration.vocabulary_size * (tokens.shape[1] - 1)))
    parts = [
        _saliency(model, tokens[first : first + rows], [part[:, first : first + rows] for part in before])
        for first in range(0, len(tokens), rows)
    ]
    return torch.cat(parts)


@torch.enable_grad()
def _saliency(model: LanguageModel, tokens: Tensor, before: list[Tensor]) -> Tensor:
    read, following = tokens[:, :-1].T, tokens[:, 1:].T  # (window, N)
    embedded = model.embedding(read.clamp(min=0)).detach()  # (window, N, E)
    first = embedded[:1].requires_grad_()
    embedded = torch.cat([first, embedded[1:]])
    state = [part.contiguous() for part in before]
    # cuDNN gives no gradients in evaluation mode.
    with torch.backends.cudnn.flags(enabled=False):
        hidden, _ = model.recurrent(embedded, tuple(state) if len(state) == 2 else state[0])
    logits = model.decoder(hidden)  # (window, N, V)
    loss = cross_entropy(logits.flatten(0, 1), following.flatten(), reduction="sum", ignore_index=NO_TOKEN)
    (gradient,) = torch.autograd.grad(loss, first)
    lengths: Tensor = torch.linalg.vector_norm(gradient[0], dim=1)
    return lengths
