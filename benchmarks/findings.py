"""What the opening views show: the figures of every project below DIR that has one.

    python benchmarks/findings.py DIR

Each row is a view: what is brushed, how many cells that selects, how many matches there are with all of them, and of
the 50 best but for the brushed range: how many begin differently by their first three tokens; how many first tokens
there are, how many in effect, and how many stretches of the label have; and the shares that have the label, at all of
their positions and by position; each against all ranges of the corpus of the same lengths, those that begin with the
same tokens, and those of the same tokens throughout. The label is that of the brushed range. The p-value is that of
the view alone: where it is the best of N that were tried, N times that is the chance. `server/evidence.py` defines all
of it.
"""

import argparse
from pathlib import Path

from lstmvis.data.errors import LstmvisError
from lstmvis.data.project import Project
from lstmvis.server.library import find_projects
from lstmvis.server.opening import Opening, present_opening

HEAD = "{:18} {:34} {:34} {:>5} {:>9} {:>6} {:>16} {:>33} {:>33} {:>8}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, metavar="DIR")
    options = parser.parse_args()
    print(" " * 132 + "matches / corpus / same first token / same tokens")
    titles = ("cells", "with all", "begin", "first tokens", "whole", "positions", "p-value")
    print(HEAD.format("project", "about", "brushed", *titles))
    for name, directory in find_projects(options.directory):
        project = Project(directory)
        if project.opening is None:
            continue
        try:
            print(row(name, project, present_opening(project)), flush=True)
        except LstmvisError as error:  # such as a view of another kind of annotation
            print(f"{name}: {error}")


def row(name: str, project: Project, shown: Opening) -> str:
    evidence = shown.evidence
    shares = [" / ".join(f"{share:6.1%}" for share in measure) for measure in (evidence.whole, evidence.positions)]
    different, effective, usual = evidence.beginnings
    first_tokens = f"{different}: {effective:.1f} / {usual:.1f}"
    figures = (shown.cells, f"{shown.complete:,}", evidence.texts, first_tokens, *shares, f"{evidence.p_value:.0e}")
    return HEAD.format(name[:18], shown.about[:34], brushed(project, shown)[:34], *figures)


def brushed(project: Project, shown: Opening) -> str:
    first, last = shown.view.range or (0, -1)
    if project.words is None:
        return f"{first} to {last}"
    words = project.words.decode(project.words.ids.integers(first, last + 1))
    if project.words.dictionary and project.words.dictionary.of_characters:
        return repr("".join(words))
    return " ".join(words)


if __name__ == "__main__":
    main()
