"""A bidirectional LSTM that tells good film reviews from bad ones, and what its cells do over reviews it has not seen.

    python examples/movie_reviews.py --corpus ~/nltk_data/corpora/movie_reviews.zip
    lstmvis serve projects

The corpus is NLTK's movie_reviews (Pang and Lee): `python -m nltk.downloader movie_reviews` puts it into ~/nltk_data.
Every word gets a score from the states at it, and a review the mean of its words' scores: above 0 it is positive. The
scores are an annotation a word; the label, the prediction and whether it is right, one a review. Takes about a minute.
"""

import argparse
import random
import zipfile
from collections import Counter
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from lstmvis.data import Discrete
from lstmvis.models.recorder import record

LABELS = ["neg", "pos"]


class Classifier(nn.Module):
    def __init__(self, words, cells):
        super().__init__()
        self.embedding = nn.Embedding(words, 64, padding_idx=0)
        self.lstm = nn.LSTM(64, cells, batch_first=True, bidirectional=True)
        self.score = nn.Linear(2 * cells, 1)
        self.dropout = nn.Dropout(0.3)

    def forward(self, ids, lengths):  # (reviews, words), (reviews,)
        x = self.dropout(self.embedding(ids))
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.score(self.dropout(states)).squeeze(2)  # (reviews, words)


def read(corpus, most_words):
    """The reviews, in an order of chance: (words, label)."""
    root = zipfile.Path(corpus, "movie_reviews/") if corpus.suffix == ".zip" else corpus
    reviews = [
        (file.read_text(encoding="utf-8").split()[-most_words:], label)
        for label, name in enumerate(LABELS)
        for file in sorted((root / name).iterdir(), key=str)
    ]
    random.Random(1).shuffle(reviews)
    return reviews


def batches(reviews, ids_of, size=50):
    for start in range(0, len(reviews), size):
        part = reviews[start : start + size]
        ids = [torch.tensor([ids_of.get(word, 1) for word in words]) for words, _ in part]
        labels = torch.tensor([label for _, label in part])
        yield pad_sequence(ids, batch_first=True), torch.tensor([len(row) for row in ids]), labels


def mean(scores, lengths):
    real = torch.arange(scores.shape[1]) < lengths[:, None]
    return (scores * real).sum(dim=1) / lengths


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path.home() / "nltk_data" / "corpora" / "movie_reviews.zip")
    parser.add_argument("--out", type=Path, default=Path("projects/movie_reviews"))
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--cells", type=int, default=32, help="in each direction")
    parser.add_argument("--words", type=int, default=200, help="of each review, from its end")
    parser.add_argument("--reviews", type=int, help="only so many of them")
    options = parser.parse_args()

    torch.manual_seed(1)
    reviews = read(options.corpus, options.words)[: options.reviews]
    held_out, training = reviews[: len(reviews) // 5], reviews[len(reviews) // 5 :]
    counts = Counter(word for words, _ in training for word in words)
    vocabulary = ["<pad>", "<unk>", *(word for word, count in counts.most_common(20_000) if count > 4)]
    ids_of = {word: number for number, word in enumerate(vocabulary)}
    model = Classifier(len(vocabulary), options.cells)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(options.epochs):
        random.Random(epoch).shuffle(training)
        for ids, lengths, labels in batches(training, ids_of):
            loss = binary_cross_entropy_with_logits(mean(model(ids, lengths), lengths), labels.float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}, loss of the last reviews {loss.item():.3f}", flush=True)

    model.eval()
    right = 0
    said = {"name": "Movie reviews", "description": "A bidirectional LSTM on reviews that it has not seen"}
    with torch.no_grad(), record(model, options.out, vocabulary, **said, replace=True) as recorder:
        for ids, lengths, labels in batches(held_out, ids_of):
            scores = model(ids, lengths)
            found = (mean(scores, lengths) > 0).long()
            right += (found == labels).sum().item()
            recorder.tokens(
                ids,
                lengths,
                score=scores,
                label=Discrete(labels, LABELS),
                prediction=Discrete(found, LABELS),
                correct=found == labels,
            )
    print(f"{right} of {len(held_out)} unseen reviews are right. To see them: lstmvis serve {options.out}")


if __name__ == "__main__":
    main()
