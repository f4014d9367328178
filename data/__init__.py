"""Corpora, annotations and the project format: what is on disk, with no web and no PyTorch in it."""

from lstmvis.data.arrays import Discrete, Ranked, Scalar, States, write_project

__all__ = ["Discrete", "Ranked", "Scalar", "States", "write_project"]
