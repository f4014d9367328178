"""A language model: what is the next token, given all tokens so far? Embedding, LSTM layers, linear decoder.

Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 1997; as a language model: Zaremba, Sutskever,
Vinyals, "Recurrent neural network regularization", 2014 (dropout between layers, not through time).

    model = LanguageModel(Configuration(vocabulary_size=7, cells=150))
    logits, state = model(tokens)          # tokens (steps, streams), from the zero state
    logits, state = model(more, state)     # carried on
"""

from dataclasses import dataclass

from torch import Tensor, nn

State = tuple[Tensor, Tensor]
"""Hidden state and cell state of all layers, each (layers, streams, cells)."""


@dataclass(frozen=True)
class Configuration:
    """What it takes to build the model."""

    vocabulary_size: int
    cells: int
    layers: int = 1
    embedding_size: int = 32
    dropout: float = 0.0


class LanguageModel(nn.Module):
    """Time comes first in all tensors: S steps of B parallel streams, C cells, a vocabulary of V tokens."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        self.configuration = configuration
        cells, layers = configuration.cells, configuration.layers
        self.embedding = nn.Embedding(configuration.vocabulary_size, configuration.embedding_size)
        # nn.LSTM drops out between its layers only, and warns where there is no between.
        between = configuration.dropout if layers > 1 else 0.0
        self.lstm = nn.LSTM(configuration.embedding_size, cells, layers, dropout=between)
        self.dropout = nn.Dropout(configuration.dropout)
        self.decoder = nn.Linear(cells, configuration.vocabulary_size)

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits (S, B, V) of the token after each of `tokens` (S, B), and the state after the last."""
        embedded = self.dropout(self.embedding(tokens))  # (S, B, E)
        hidden, state = self.lstm(embedded, state)  # (S, B, C)
        logits: Tensor = self.decoder(self.dropout(hidden))  # (S, B, V)
        return logits, state
