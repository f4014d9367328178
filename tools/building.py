"""Making a demo from its recipe: the corpus, a model that learns it, the model's states as a project, an opening view.

What is stopped goes on when the demo is made again: the model lies in the user's cache folder until the project is
whole and its opening view has been looked for.
"""

import hashlib
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lstmvis.data import characters, words
from lstmvis.data.annotators import ANNOTATORS
from lstmvis.data.arrays import Discrete, Scalar, write_annotation
from lstmvis.data.characters import Ids
from lstmvis.data.corpora.corpus import Texts
from lstmvis.data.demos.recipe import Recipe, Size
from lstmvis.data.downloading import download
from lstmvis.data.errors import LstmvisError
from lstmvis.data.locking import writing
from lstmvis.data.tokens import Tokens
from lstmvis.data.words import UNKNOWN, vocabulary_of
from lstmvis.data.writing import ProjectWriter
from lstmvis.tools.extract import extract_with_progress
from lstmvis.tools.made import CORPUS
from lstmvis.tools.opening import choose_opening
from lstmvis.tools.places import cache_home
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.pytorch import require_torch
from lstmvis.tools.tagger import get_tagger, how_to_get_tagger
from lstmvis.tools.train import train_with_progress

if TYPE_CHECKING:
    from lstmvis.models.checkpoint import Checkpoint
    from lstmvis.models.language_model import Configuration
    from lstmvis.models.training import Corpus, Settings

LOOKING = "looking"  # a file that is there from when a project is whole until its opening view has been looked for
TAGGED = "part_of_speech"  # what the tagger of NLTK is for
OTHERWISE = "Or say where there is a copy: --corpus PATH, PATH being {}."


def build(
    recipe: Recipe,
    size: Size,
    directory: Path,
    corpus: Path | None = None,
    device: str = "auto",
    rebuild: bool = False,
) -> None:
    """Read the corpus at `corpus`, else where it is on this machine or downloaded to; train; write the project.

    Raises LstmvisError, with what to do, where PyTorch or the corpus cannot be had.
    """
    require_torch()
    from lstmvis.models.extraction import Extraction
    from lstmvis.models.language_model import Configuration
    from lstmvis.models.training import Settings

    started = time.monotonic()
    place = find_corpus(recipe, corpus)
    texts = recipe.texts(place, size.lengths)
    annotations = annotate(recipe, texts)
    prepared = prepare(recipe, size, texts)
    configuration = Configuration(len(prepared.vocabulary), **size.model)
    settings = Settings(**size.training)
    description = f"{recipe.look} {facts(recipe, texts, configuration, corpus)}"
    with kept_until_whole(directory.name) as folder:
        (folder / LOOKING).unlink(missing_ok=True)
        with ProjectWriter(directory, recipe.name, description, replace=rebuild) as project:
            checkpoint, model = trained(prepared, folder, configuration, settings, device)
            ids = encode(recipe, texts.explored, prepared.vocabulary)
            project.write_tokens(ids, prepared.vocabulary)
            for name, values in annotations.items():
                write_annotation(project, name, values, len(ids), np.zeros(0, np.int64), None)
            starts = None if texts.starts is None else np.asarray(texts.starts, np.int64)
            extract_with_progress(project, checkpoint, ids, Extraction(dtype=size.dtype), device, starts)
            project.copy_model(model, checkpoint.record() | {CORPUS: str(place.resolve()) if recipe.corpus else None})
        (folder / LOOKING).touch()
        choose_opening(directory, *recipe.opening, beside=recipe.beside, tries=recipe.tries)
    print(f"{directory}: made in {time.monotonic() - started:.0f} s. {measured(recipe, checkpoint)}")


def finish(recipe: Recipe, directory: Path) -> None:
    """Look for the opening view of a demo that is there, if that was stopped."""
    if (_folder(directory.name) / LOOKING).exists():
        with kept_until_whole(directory.name):
            choose_opening(directory, *recipe.opening, beside=recipe.beside, tries=recipe.tries)


def find_corpus(recipe: Recipe, given: Path | None) -> Path:
    """Where the corpus lies: where the user says, or where it was anyway, or where it is downloaded to."""
    corpus = recipe.corpus
    if corpus is None:
        if given is not None:
            raise LstmvisError(f"The texts of {recipe.name!r} are made: there is no --corpus to give.")
        return Path()
    if given is not None:
        if not given.exists():
            raise LstmvisError(f"{given} does not exist. --corpus may be {corpus.layout}.")
        return given
    if (here := corpus.here()) is not None:
        return here
    folder = cache_home() / "corpora" / corpus.folder
    more = how_to_get_tagger() if TAGGED in recipe.annotators else ""
    download(corpus.remotes, folder, progress_bar, f"{OTHERWISE.format(corpus.layout)}\n{more}")
    return folder


def annotate(recipe: Recipe, texts: Texts) -> dict[str, Discrete | Scalar]:
    """What the corpus says of the tokens that are explored, and what is made of them."""
    annotations = dict(texts.annotations)
    for name, options in recipe.annotators.items():
        with progress_bar(name.replace("_", " "), len(texts.explored), recipe.tokens.removesuffix("s")) as bar:
            more: dict[str, Any] = {"data": get_tagger(), "progress": bar.update} if name == TAGGED else {}
            annotations[name] = ANNOTATORS[name].annotate(texts.explored, **options, **more)
            bar.update(len(texts.explored) - bar.n)
    return annotations


def prepare(recipe: Recipe, size: Size, texts: Texts) -> "Corpus":
    """The texts to train and to validate on as token ids, and the vocabulary."""
    from lstmvis.models.training import Corpus

    if recipe.unit == "characters":
        vocabulary = sorted({*texts.training, *texts.validation, *texts.explored})
    else:
        vocabulary = vocabulary_of(as_read(recipe, texts.training), size.vocabulary)
        vocabulary += [] if UNKNOWN in vocabulary else [UNKNOWN]
    training, validation = (encode(recipe, text, vocabulary) for text in (texts.training, texts.validation))
    return Corpus(training, validation, None, vocabulary, Tokens(recipe.unit))


def as_read(recipe: Recipe, text: Sequence[str]) -> Sequence[str]:
    """The tokens as the model reads them."""
    if recipe.as_read is None:
        return text
    read = {word: recipe.as_read(word) for word in set(text)}
    return [read[word] for word in text]


def encode(recipe: Recipe, text: Sequence[str], vocabulary: list[str]) -> Ids:
    """Token ids (T,)."""
    tokens = as_read(recipe, text)
    return characters.encode(tokens, vocabulary) if isinstance(tokens, str) else words.encode(tokens, vocabulary)


@contextmanager
def kept_until_whole(name: str) -> Iterator[Path]:
    """A folder for what a demo is made of, that only one program uses; it stays unless the demo becomes whole."""
    folder = _folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    with writing(folder):
        yield folder
        shutil.rmtree(folder, ignore_errors=True)


def _folder(name: str) -> Path:
    return cache_home() / "demos" / name


def trained(
    corpus: "Corpus", folder: Path, configuration: "Configuration", settings: "Settings", device: str
) -> tuple["Checkpoint", Path]:
    """The model, and its file in `folder`: trained now, or from where that was stopped, or there already."""
    from lstmvis.models.checkpoint import load_checkpoint
    from lstmvis.models.resuming import ResumeError, fingerprint, remove_unfinished, unfinished_path

    texts = [fingerprint(ids, corpus.vocabulary) for ids in (corpus.training, corpus.validation)]
    digest = hashlib.sha256(repr((texts, configuration, settings)).encode()).hexdigest()[:16]
    path = folder / f"{digest}.pt"
    if path.exists() and not unfinished_path(path).exists():
        checkpoint = load_checkpoint(path)
        if checkpoint.evaluation:
            return checkpoint, path
    try:
        if unfinished_path(path).exists():
            print("Training goes on where it was stopped.", flush=True)
            return train_with_progress(corpus, path, configuration, settings, device, resume=True), path
    except ResumeError as error:
        print(f"{error} It begins anew.", flush=True)
        remove_unfinished(path)
    try:
        return train_with_progress(corpus, path, configuration, settings, device), path
    except KeyboardInterrupt:
        if unfinished_path(path).exists():
            print("What is learnt so far is kept: the same command goes on from there.", flush=True)
        raise


def facts(recipe: Recipe, texts: Texts, configuration: "Configuration", given: Path | None) -> str:
    """What was read, and by what, in a sentence."""
    of = ", new to the model" if recipe.corpus is None else f" ({recipe.corpus.title})"
    of = f" (read from {given.resolve().name})" if given else of
    others = "of them" if texts.training_is_explored else "others"
    return (
        f"{len(texts.explored):,} {recipe.tokens}{of}: an LSTM of {configuration.layers} x {configuration.cells} cells "
        f"that learnt to predict the next one on {len(texts.training):,} {others}."
    )


def measured(recipe: Recipe, checkpoint: "Checkpoint") -> str:
    """How well the model predicts, in a sentence."""
    one, loss = recipe.tokens.removesuffix("s"), checkpoint.evaluation["validation_loss"]
    if recipe.lowest_loss is None:
        return f"Validation perplexity {math.exp(loss):.2f} per {one}."
    return (
        f"Validation loss {loss:.4f} nats per {one}, {loss / recipe.lowest_loss - 1:.2%} above the "
        f"{recipe.lowest_loss:.4f} that no model can beat."
    )
