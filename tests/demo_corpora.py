"""Small corpora of the same kinds as those of the demos, made by chance, in the layouts in which users have them."""

import gzip
import json
import zipfile
from pathlib import Path
from random import Random

SUBJECTS = ["the fox", "a hen", "she", "the old king", "two cats"]
VERBS = {"saw": "VBD", "likes": "VBZ", "has": "VBZ", "chased": "VBD"}
OBJECTS = ["the moon", "a red ball", "12 pears", "him", "3.5 pounds"]
TAGS = {
    "the": "DT",
    "a": "DT",
    "she": "PRP",
    "him": "PRP",
    "old": "JJ",
    "red": "JJ",
    "two": "CD",
    "12": "CD",
    "3.5": "CD",
}
TAGS |= dict.fromkeys(("fox", "hen", "king", "moon", "ball"), "NN") | dict.fromkeys(("cats", "pears", "pounds"), "NNS")
TAGS |= {**VERBS, ".": ".", ",": ",", "“": "``", "”": "''", "said": "VBD"}


def sentence(chance):
    return f"{chance.choice(SUBJECTS)} {chance.choice(list(VERBS))} {chance.choice(OBJECTS)}"


def write_books(directory, paragraphs=120):
    """Two books of Project Gutenberg, one packed, in which every other paragraph is spoken, and a file that is none."""
    directory.mkdir(parents=True)
    for number, name in enumerate(["one.txt", "two.txt.gz"]):
        chance = Random(number)
        lines = []
        for paragraph in range(paragraphs):
            said = sentence(chance).capitalize()
            lines.append(f'"{said}," said {chance.choice(SUBJECTS)}.' if paragraph % 2 else f"{said}.")
        title = f"PROJECT GUTENBERG EBOOK {name.partition('.')[0].upper()}"
        book = (
            f"The licence\n\n*** START OF THE {title} ***\n\n"
            + "\n\n".join(lines)
            + f"\n\n*** END OF THE {title} ***\nMore"
        )
        content = book.replace("\n", "\r\n").encode("utf-8-sig")
        (directory / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    (directory / "notes.txt").write_text("no book at all")
    return directory


def write_treebank(directory, lines=300):
    """The three files of the Penn Treebank split."""
    directory.mkdir(parents=True)
    for number, part in enumerate(["train", "valid", "test"]):
        chance = Random(number)
        text = "".join(f" {sentence(chance).replace('12', 'N').replace('3.5', 'N')} \n" for _ in range(lines))
        (directory / f"ptb.{part}.txt.gz").write_bytes(gzip.compress(text.encode()))
    return directory


def write_chunks(directory, sentences=250):
    """A folder of NLTK's data with the package of CoNLL-2000."""
    package = directory / "corpora" / "conll2000.zip"
    package.parent.mkdir(parents=True)
    with zipfile.ZipFile(package, "w") as archive:
        for number, part in enumerate(["train", "test"]):
            chance = Random(number)
            lines = []
            for _ in range(sentences):
                for phrase, kind in zip(
                    (chance.choice(SUBJECTS), chance.choice(list(VERBS)), chance.choice(OBJECTS)),
                    ("NP", "VP", "NP"),
                    strict=True,
                ):
                    lines += [
                        f"{word} {TAGS[word]} {'I' if place else 'B'}-{kind}"
                        for place, word in enumerate(phrase.split())
                    ]
                lines += [". . O", ""]
            archive.writestr(f"conll2000/{part}.txt", "\n".join(lines) + "\n")
    return directory


def write_tagger(directory):
    """What NLTK's tagger needs, in a folder of its data: it knows the words of these corpora, and nothing else."""
    folder = directory / "taggers" / "averaged_perceptron_tagger_eng"
    folder.mkdir(parents=True)
    for part, content in (("weights", {}), ("tagdict", TAGS), ("classes", sorted({*TAGS.values()}))):
        (folder / f"{folder.name}.{part}.json").write_text(json.dumps(content))
    return directory


def write_python(directory, files=12):
    """Python files."""
    directory.mkdir(parents=True)
    for number in range(files):
        chance = Random(number)
        lines = ['"""Numbers and names."""', "", "import sys", ""]
        for function in range(6):
            name = chance.choice(["area", "length", "total", "share"])
            lines += [
                "",
                f"def {name}{number}_{function}(width, height=({chance.randrange(9)}, [1, 2])):  # what {name} is",
            ]
            lines += [
                f"    # {sentence(chance)}",
                f'    text = "{sentence(chance)}"',
                f"    return max(width, len(text) + {chance.randrange(99)})",
                "",
            ]
        (directory / f"module{number}.py").write_text("\n".join(lines))
    (directory / "umlauts.py").write_text("# Größe\n" * 50, encoding="utf-8")
    (directory / "README.md").write_text("# Files of Python\n" * 20)
    return directory


def write_java(directory, methods=300):
    """Java methods, one a line."""
    directory.mkdir(parents=True)
    chance = Random(1)
    lines = [
        f'public int get{chance.randrange(9)}(int a) {{return Math.max(a, {chance.randrange(99)}) + "x".length();}}\n'
        for _ in range(methods)
    ]
    (directory / "train.txt.java.gz").write_bytes(gzip.compress("".join(lines).encode()))
    return directory


def write_tunes(directory, tunes=60):
    """Tunes in ABC notation, in two keys, of the chords I, IV and V."""
    directory.mkdir(parents=True)
    chance = Random(1)
    text = ""
    for number in range(tunes):
        key, chords = chance.choice([("D", ("D", "G", "A7")), ("G", ("G", "C/e", "D7"))])
        bars = "|".join(f'"{chance.choice(chords)}"abc "{chance.choice(chords)}"d2e' for _ in range(8))
        text += f'X: {number}\nT:A tune\n% a remark with "no" chord\nM:6/8\nK:{key}\n{bars}|\n\n\n'
    (directory / "tunes.abc").write_text(text)
    return directory


def write_all(directory: Path):
    """Where the corpus of each demo lies, by the demo's name."""
    nltk_data = write_chunks(directory / "nltk_data")
    write_tagger(nltk_data)
    treebank, python = write_treebank(directory / "ptb"), write_python(directory / "python")
    return {
        "childrens-books": write_books(directory / "books"),
        "wsj-words": treebank,
        "wsj-chunks": nltk_data,
        "wsj-chars": nltk_data,
        "python": python,
        "code": python,
        "chords": write_tunes(directory / "tunes"),
    }
