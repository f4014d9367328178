"""The corpora of the demos: where each is to be had, and how it is read.

A file here knows one corpus: what it is called, whose it is, which files to download (a `Corpus`), and how they become
the three texts of a demo (functions `(place, lengths) -> Texts`; `place` is a file or a directory).
"""
