"""The `lstmvis` command."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from lstmvis.data.errors import LstmvisError
from lstmvis.data.interrupts import remembering_interrupts
from lstmvis.tools import annotate, demo, doctor, extract, import_, index, opening, serve, train
from lstmvis.tools.options import CommandParser

DESCRIPTION = """\
See what the hidden states of a sequence model do, and find where else they do it.

  lstmvis demo [NAME]                make a demo and open it in the browser; without NAME: which there are
  lstmvis train TEXT --out MODEL     train a language model on a text
  lstmvis extract MODEL TEXT --out PROJECT
                                     write a model's states over a text as a project
  lstmvis import PROJECT --states FILE
                                     write arrays that another program has saved as a project
  lstmvis annotate PROJECT NAME      add annotations, such as parts of speech, to a project
  lstmvis doctor DIRECTORY           say what is wrong with projects, and what to change
  lstmvis opening PROJECT --annotation NAME --value LABEL
                                     look for the view with which a project should open
  lstmvis index DIRECTORY            build match indexes now rather than when serving
  lstmvis serve DIRECTORY            serve every project below a directory
"""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lstmvis",
        description=DESCRIPTION,
        epilog="`lstmvis COMMAND --help` explains a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"lstmvis {version('lstmvis')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=CommandParser)
    for command in (demo, train, extract, import_, annotate, doctor, opening, index, serve):
        command.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; what a person or the machine got wrong is told in a sentence, with status 1."""
    try:
        with remembering_interrupts():
            options = build_parser().parse_args(arguments)
            status: int = options.run(options)
    except LstmvisError as error:
        print(f"lstmvis: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"lstmvis: {_sentence(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lstmvis: stopped", file=sys.stderr)
        return 130
    return status


def _sentence(error: OSError) -> str:
    files = " to ".join(str(file) for file in (error.filename, error.filename2) if file is not None)
    return f"{files}: {error.strerror}." if files else f"{error}."


if __name__ == "__main__":
    sys.exit(main())
