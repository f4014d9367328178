"""`lstmvis opening`: look for the view with which a project should open, or say what the present one shows."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstmvis.data.amending import set_opening
from lstmvis.data.errors import LstmvisError
from lstmvis.data.findings import how_many
from lstmvis.data.project import Project
from lstmvis.tools.options import count, seed
from lstmvis.tools.progress import progress_bar

if TYPE_CHECKING:
    from lstmvis.server.opening import Opening

DESCRIPTION = """\
Look for a selection whose matches are about a label of an annotation, and make
it the view with which the project opens: the line `opening` of its lstm.yml.
Ranges of the label from all over the corpus are selected, as one would do with
the mouse, with several thresholds and constraints, and matched. The best is the
one whose matches have the label most beyond what their words explain, and
differ most in their words, as far as those of the label do. What could be chance, or could not be
read, is not taken; where nothing is left, nothing is written.

examples:
  lstmvis opening projects/wsj --annotation chunk --value NP
      the view that is best about noun phrases, of all sources
  lstmvis opening projects/wsj --annotation pos --value NN --value NNS
      the same about nouns, of either number
  lstmvis opening projects/wsj --show
      what the present one shows, in figures
"""


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "opening",
        help="look for the view with which a project should open",
        usage="lstmvis opening PROJECT --annotation NAME --value LABEL [options]",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("project", type=Path, metavar="PROJECT", help="the project's directory")
    parser.add_argument("--annotation", metavar="NAME", help="a discrete annotation of the project")
    parser.add_argument(
        "--value", action="append", metavar="LABEL", help="a label of it; given several times, one of these"
    )
    parser.add_argument(
        "--beside",
        action="append",
        metavar="NAME",
        help="an annotation that the view shows, too; several times for several",
    )
    parser.add_argument(
        "--source",
        action="append",
        metavar="ID",
        help="a source to look at, file::path; several times for several (default: all)",
    )
    parser.add_argument(
        "--tries", type=count, metavar="N", help="selections to look at (default: 15,000, a minute for a large project)"
    )
    parser.add_argument("--seed", type=seed, default=1, help="the same seed finds the same view (default: 1)")
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--show", action="store_true", help="say what the present view shows, and look for no other")
    doing.add_argument("--no-write", dest="write", action="store_false", help="say what was found, and leave it there")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from lstmvis.server.opening import present_opening

    if options.show:
        project = Project(options.project)
        print("\n".join(describe(project, present_opening(project, options.annotation, options.value or ()))))
        return 0
    if options.annotation is None or not options.value:
        raise LstmvisError("Say what the view is to be about: --annotation NAME --value LABEL.")
    found = choose_opening(
        options.project,
        options.annotation,
        options.value,
        options.source,
        beside=options.beside or (),
        seed=options.seed,
        tries=options.tries,
        write=options.write,
    )
    return 0 if found else 1


def choose_opening(
    directory: Path,
    annotation: str,
    labels: Sequence[str],
    sources: Sequence[str] | None = None,
    beside: Sequence[str] = (),
    seed: int = 1,
    tries: int | None = None,
    write: bool = True,
) -> "Opening | None":
    """Look for the view with which a project opens, with a progress bar; say what was found, and write it.

    None, and nothing written, where nothing is found. See `find_opening`.
    """
    from lstmvis.server.opening import TRIES, find_opening

    project = Project(directory)
    with progress_bar(f"opening view of {directory.name}", 0, unit="view") as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        found = find_opening(project, annotation, labels, sources, beside, seed, tries or TRIES, show)
    if found is None:
        about = f"{annotation} {' or '.join(labels)}"
        print(f"{directory}: nothing is found about {about} that is clear enough to open with. Nothing is written.")
        return None
    if write:
        set_opening(directory, found.view.address)
    print("\n".join(describe(project, found)))
    return found


def describe(project: Project, opening: "Opening") -> Iterator[str]:
    """The figures of a view, in lines."""
    view, evidence = opening.view, opening.evidence
    first, last = view.range or (0, -1)
    words = project.words.decode(project.words.ids.integers(first, last + 1)) if project.words else []
    gap = "" if project.words and project.words.dictionary and project.words.dictionary.of_characters else " "
    yield f"opening: {view.address}"
    yield f"{how_many(opening.cells, 'cell')} of {view.source or 'the first source'}, on over {gap.join(words)!r}"
    yield f"{opening.complete:,} matches with all of them; the best {evidence.matches} begin in {evidence.texts} ways"
    first_tokens = evidence.beginnings
    yield (
        f"{how_many(first_tokens.different, 'first token')}, in effect {first_tokens.effective:.1f}; "
        f"as many stretches of {opening.about}: {first_tokens.usual:.1f}"
    )
    yield f"{opening.about:<34}{'matches':>10}{'corpus':>10}{'same first token':>18}{'same tokens':>13}"
    for measure, shares in (("at all of their positions", evidence.whole), ("share of positions", evidence.positions)):
        yield (
            f"  {measure:<32}{shares.matches:>10.1%}{shares.corpus:>10.1%}"
            f"{shares.same_token:>18.1%}{shares.same_tokens:>13.1%}"
        )
    among = f"times the {opening.tries:,} that were tried" if opening.tries > 1 else "however this view was chosen"
    yield f"p-value against ranges with the same first tokens, {among}: {opening.chance:.1g}"
