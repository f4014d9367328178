"""A language model: what is the next token, given all tokens so far? Embedding, recurrent layers, linear decoder.

The layers are LSTM (Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 1997), GRU (Cho et al.,
"Learning phrase representations using RNN encoder-decoder", EMNLP 2014) or plain tanh layers (Elman, "Finding structure
in time", Cognitive Science 1990). As a language model: Zaremba, Sutskever, Vinyals, "Recurrent neural network
regularization", 2014 (dropout between layers, not through time).

    model = LanguageModel(Configuration(vocabulary_size=7, cells=150))
    logits, state = model(tokens)          # tokens (steps, streams), from the zero state
    logits, state = model(more, state)     # carried on
"""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from lstmvis.data.errors import LstmvisError

Kind = Literal["lstm", "gru", "rnn"]
LAYERS: dict[Kind, type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}

State = Tensor | tuple[Tensor, Tensor]
"""The hidden state of all layers, (layers, streams, cells); of an LSTM: hidden state and cell state."""


class ConfigurationError(LstmvisError):
    """There is no such model."""


@dataclass(frozen=True)
class Configuration:
    """What it takes to build the model."""

    vocabulary_size: int
    cells: int
    layers: int = 1
    embedding_size: int = 32
    dropout: float = 0.0
    kind: Kind = "lstm"
    tied: bool = False
    """Whether the decoder's weights are those of the embedding (Press and Wolf, EACL 2017)."""

    def __post_init__(self) -> None:
        if self.kind not in LAYERS:
            raise ConfigurationError(f"The layers must be one of {', '.join(LAYERS)}, not {self.kind!r}.")
        if self.tied and self.embedding_size != self.cells:
            raise ConfigurationError(
                "Tied weights need an embedding as wide as the layers: "
                f"the embedding has {self.embedding_size}, the layers {self.cells} cells."
            )


class LanguageModel(nn.Module):
    """Time comes first in all tensors: S steps of B parallel streams, C cells, a vocabulary of V tokens."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        self.configuration = configuration
        cells, layers = configuration.cells, configuration.layers
        self.embedding = nn.Embedding(configuration.vocabulary_size, configuration.embedding_size)
        # PyTorch drops out between the layers only, and warns where there is no between.
        between = configuration.dropout if layers > 1 else 0.0
        self.recurrent = LAYERS[configuration.kind](configuration.embedding_size, cells, layers, dropout=between)
        self.dropout = nn.Dropout(configuration.dropout)
        self.decoder = nn.Linear(cells, configuration.vocabulary_size)
        if configuration.tied:  # in the decoder's range: an embedding's own would begin with enormous logits
            self.embedding.weight = self.decoder.weight

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (S, B, V) of the token after each of `tokens` (S, B), and the state after the last."""
        embedded = self.dropout(self.embedding(tokens))  # (S, B, E)
        hidden, state = self.recurrent(embedded, state)  # (S, B, C)
        logits: Tensor = self.decoder(self.dropout(hidden))  # (S, B, V)
        return logits, state


def detached(state: State) -> State:
    """The state as numbers, without what led to it: no gradient goes back through it."""
    return state.detach() if isinstance(state, Tensor) else (state[0].detach(), state[1].detach())
