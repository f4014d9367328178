"""Corpora, annotations and the project format: what is on disk, with no web and no PyTorch in it."""
