"""`lstmvis demo`: a model that is trained here and now, and its states in the browser."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import Any

from lstmvis.data.demos import DEMOS
from lstmvis.data.demos.recipe import SIZES, Recipe, Size
from lstmvis.data.project import CONFIG_NAME
from lstmvis.tools.building import build, finish
from lstmvis.tools.made import require_made_so
from lstmvis.tools.options import count
from lstmvis.tools.places import data_home
from lstmvis.tools.serve import add_server_options, opening_path, serve_directory

DESCRIPTION = """\
Make a demo and open it in the browser: a text is read, a model is trained on
it, and the model's states over a text that is new to it become a project.
Without NAME, say which demos there are. What is made is kept, so the second
start takes seconds; making that was stopped goes on where it was. Of another
corpus, or in other --epochs, it is made with --rebuild, or beside, in another
--data-dir. A corpus that is not on this machine is downloaded, once. Making needs PyTorch, and for some
demos NLTK or Pygments: pip install 'lstmvis[train,demos]'.

examples:
  lstmvis demo
      the demos, what each shows, and what it takes
  lstmvis demo parens
      the parentheses language of the LSTMVis paper, in a minute
  lstmvis demo code --corpus ~/projects/mine
      a model of the source code in a directory
  lstmvis demo wsj-words --size paper --device cuda
      the model of LSTMVis's own demo, which wants a GPU
"""


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "demo",
        help="make a demo and open it in the browser",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", choices=DEMOS, metavar="NAME", help=f"one of {', '.join(DEMOS)}")
    parser.add_argument(
        "--size",
        choices=SIZES,
        default="small",
        help="small: made in minutes without a GPU; paper: as large as on LSTMVis's demo site (default: %(default)s)",
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        metavar="PATH",
        help="your own copy of the corpus, or another of its kind, instead of downloading it",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=data_home(),
        metavar="DIR",
        help="where the demos are kept, and the directory that is served (default: %(default)s)",
    )
    parser.add_argument("--epochs", type=count, help="times the training text is read (default: the demo's own)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, or auto: cuda where there is one (the default)")
    parser.add_argument("--rebuild", action="store_true", help="make it anew where it is there already")
    parser.add_argument("--no-serve", dest="serve", action="store_false", help="make it, and stop there")
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if options.name is None:
        print("\n".join(describe_all(options.data_dir)))
        return 0
    recipe = DEMOS[options.name]
    directory = Path()
    for size in recipe.sizes[options.size]:
        directory = options.data_dir / project_id(options.name, options.size, size)
        if (directory / CONFIG_NAME).is_file() and not options.rebuild:
            made = require_made_so(directory, options.corpus, options.epochs)
            print(f"{directory} is there already, {made}; --rebuild makes it anew.")
            finish(recipe, directory)
            continue
        if options.epochs:
            size = replace(size, training={**size.training, "epochs": options.epochs})
        build(recipe, size, directory, options.corpus, options.device, options.rebuild)
    if not options.serve:
        return 0
    return serve_directory(options.data_dir, options, opening_path(options.data_dir, directory))


def project_id(name: str, size_name: str, size: Size) -> str:
    """The name of a project's directory."""
    return "-".join(part for part in (name, size_name.removeprefix("small"), size.suffix) if part)


def describe_all(data_dir: Path) -> Iterator[str]:
    """What demos there are, in lines."""
    for name, recipe in DEMOS.items():
        yield f"{name}: {recipe.shows}"
        yield fill(f"corpus: {_origin(recipe)}", 100, initial_indent="    ", subsequent_indent="        ")
        for size_name, sizes in recipe.sizes.items():
            for size in sizes:
                directory = data_dir / project_id(name, size_name, size)
                built = f"   made: {directory}" if (directory / CONFIG_NAME).is_file() else ""
                yield f"    --size {size_name}: {_extent(recipe, size)}; {_takes(size)}{built}"
        yield ""
    yield "To make one and open it: lstmvis demo NAME"


def _origin(recipe: Recipe) -> str:
    corpus = recipe.corpus
    if corpus is None:
        return "made by the program"
    if not corpus.remotes:
        return f"{corpus.title}; nothing to download"
    megabytes = max(1, round(sum(remote.size for remote in corpus.remotes) / 1e6))
    return f"{corpus.title}, {megabytes} MB from {corpus.origin}"


def _extent(recipe: Recipe, size: Size) -> str:
    layers = size.model.get("layers", 1)
    return f"LSTM {layers} x {size.model['cells']}, {size.lengths.explored:,} {recipe.tokens}"


def _takes(size: Size) -> str:
    time = f"{size.minutes} min" if size.minutes < 100 else f"{size.minutes / 60:.0f} h without a GPU"
    disk = f"{size.megabytes} MB" if size.megabytes < 1000 else f"{size.megabytes / 1000:.1f} GB"
    return f"{time}, {disk}"
