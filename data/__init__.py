"""Corpora, annotations and the project format: what is on disk, with no web and no PyTorch in it."""

from lstmvis.data.amending import add_annotation, remove_annotation
from lstmvis.data.arrays import Discrete, Ranked, Scalar, States, write_project

__all__ = ["Discrete", "Ranked", "Scalar", "States", "add_annotation", "remove_annotation", "write_project"]
