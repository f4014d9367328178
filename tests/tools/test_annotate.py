import gzip
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import spacy

from lstmvis.data import annotators, write_project
from lstmvis.data.annotators import part_of_speech
from lstmvis.data.corpora import nltk_data
from lstmvis.data.project import Project
from lstmvis.tools.cli import main
from tests import demo_corpora

TEXT = '" Yes , " said Anna Blum in Paris . <eos> N men went home . <eos>'
WORDS = TEXT.split()


@pytest.fixture
def words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path / "p", WORDS, {"s": np.zeros((len(WORDS), 1))})
    return tmp_path / "p"


@pytest.fixture
def code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path / "c", 'f("(")', {"s": np.zeros((6, 1))})
    return tmp_path / "c"


def labels(directory, name):
    annotation = Project(directory).annotations[name]
    return annotation.dictionary.decode(annotation.values.integers(0, len(annotation.values)).tolist())


def numbers(directory, name):
    annotation = Project(directory).annotations[name]
    return annotation.values.rows(0, len(annotation.values)).tolist()


def test_the_project_alone_lists_what_there_is_and_what_can_be_added(words, capsys):
    assert main(["annotate", "p", "quotation"]) == 0
    capsys.readouterr()
    assert main(["annotate", "p"]) == 0
    there, _, addable = capsys.readouterr().out.partition("\n\n")
    assert there.splitlines() == ["p: 17 words, 1 annotation", "  quotation          2 labels"]
    assert "  part_of_speech     noun" in addable
    assert "  quotation" not in addable
    assert "  vowels" not in addable


def test_annotations_of_the_tokens_come_under_their_own_name_or_another(words, capsys):
    assert main(["annotate", "p", "quotation", "place=sentence_position"]) == 0
    assert labels(words, "quotation") == ["inside a quotation"] * 4 + ["outside"] * 13
    assert numbers(words, "place") == [*range(11), *range(6)]
    said = capsys.readouterr().out.splitlines()
    assert said == ["quotation          76.5% outside, 23.5% inside a quotation", "place              numbers, 0 to 10"]


@pytest.mark.parametrize("order", [["bracket_depth", "--lexer", "python"], ["--lexer", "python", "bracket_depth"]])
def test_the_lexer_is_for_those_that_take_one(code, order):
    assert main(["annotate", "c", *order]) == 0
    assert labels(code, "bracket_depth") == list("011111")
    assert main(["annotate", "c", "all=bracket_depth"]) == 0
    assert labels(code, "all") == list("000111")  # the outer one is never closed


def test_values_come_from_files(words):
    Path("tag.txt").write_text("\n".join(word[0] for word in WORDS), encoding="utf-8")
    np.save("loss.npy", np.arange(17) / 8)
    np.save("n.npy", np.arange(17))
    assert main(["annotate", "p", "--file", "tag.txt", "--file", "loss.npy", "--file", "k=n.npy", "--scalar", "k"]) == 0
    assert labels(words, "tag") == [word[0] for word in WORDS]
    assert numbers(words, "loss") == [n / 8 for n in range(17)]
    assert Project(words).meta["k"]["vis"] == {"type": "scalar", "range": [0, 16]}


def test_one_line_that_is_no_number_does_not_make_labels_of_all_the_others(tmp_path, capsys):
    project, file = tmp_path / "p", tmp_path / "loss.txt"
    write_project(project, ["a"] * 200, {"s": np.zeros((200, 1))})
    file.write_text("\n".join(["abc" if n == 4 else str(n / 7) for n in range(200)]), encoding="utf-8")
    assert main(["annotate", str(project), "--file", str(file)]) == 1
    told = capsys.readouterr().err
    assert f"{file}, line 5: 'abc' is no number, as 199 of the 200 lines are. Write nan where there is none." in told
    file.write_text("\n".join(["none" if n == 4 else str(n % 9) for n in range(200)]), encoding="utf-8")
    assert main(["annotate", str(project), "--file", str(file)]) == 0
    assert {*labels(project, "loss")} == {"none", *map(str, range(9))}


FUNCTIONS = """
from dataclasses import dataclass
from lstmvis.data import Scalar

@dataclass
class Length:
    of: str

def length(tokens):
    return Scalar([len(Length(token).of) for token in tokens], range=(0, 20))

def broken(tokens):
    return tokens[1000]

def short(tokens):
    return ["a"]

def two(tokens, others):
    return tokens

def one_by_one(tokens):
    yield from map(len, tokens)

def broken_later(tokens):
    yield from range(17)
    raise IndexError("of a generator")

def table(tokens):
    return dict.fromkeys(tokens, 0)
"""


def test_values_come_from_a_function_in_a_file_or_a_module(words, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("of_mine.py").write_text(FUNCTIONS, encoding="utf-8")
    assert main(["annotate", "p", "--function", "of_mine.py:length", "--function", "again=of_mine:length"]) == 0
    assert numbers(words, "length") == numbers(words, "again") == [len(word) for word in WORDS]
    assert main(["annotate", "p", "--function", "of_mine.py:one_by_one"]) == 0
    assert labels(words, "one_by_one") == [str(len(word)) for word in WORDS]
    assert Project(words).meta["length"]["vis"]["range"] == [0, 20]


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("of_mine.py", "A function is given as FILE.py:FUNCTION or MODULE:FUNCTION, not 'of_mine.py'."),
        ("of_mine.py:nothing", "There is no 'nothing' in of_mine.py; it has dataclass, Scalar, Length, length, broken"),
        ("other.py:f", "There is no file other.py."),
        (
            "no_such_module:f",
            "no_such_module cannot be imported: ModuleNotFoundError: No module named 'no_such_module'\n",
        ),
        (
            "of_mine.py:broken",
            "of_mine.py:broken failed: IndexError: list index out of range (HERE/of_mine.py, line 13)",
        ),
        (
            "of_mine.py:broken_later",
            "of_mine.py:broken_later failed: IndexError: of a generator (HERE/of_mine.py, line ",
        ),
        (
            "of_mine.py:two",
            "of_mine.py:two failed: TypeError: two() missing 1 required positional argument: 'others'\n",
        ),
        ("of_mine.py:table", "The values of 'table' must be an array (steps,), "),
        ("of_mine.py:short", "There are 1 values of 'short', but 17 tokens and no sequences"),
        ("wrong.py:f", "wrong.py cannot be imported: SyntaxError"),
    ],
)
def test_what_is_wrong_with_a_function_is_said(words, capsys, monkeypatch, reference, sentence):
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("of_mine.py").write_text(FUNCTIONS, encoding="utf-8")
    Path("wrong.py").write_text("def f(:", encoding="utf-8")
    assert main(["annotate", "p", "--function", reference]) == 1
    assert f"lstmvis: {sentence}" in capsys.readouterr().err.replace(str(words.parent), "HERE")
    assert Project(words).annotations == {}


@pytest.fixture
def pipeline(tmp_path):
    """A spaCy pipeline in a folder: people by a rule."""
    language = spacy.blank("en")
    language.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Anna Blum"}])
    language.to_disk(tmp_path / "rules")
    return tmp_path / "rules"


def test_named_entities_come_from_spacy(words, pipeline):
    assert main(["annotate", "p", "--spacy", str(pipeline), "--spacy", f"{pipeline}:is_punct"]) == 0
    entities = labels(words, "named_entity")
    assert [word for word, entity in zip(WORDS, entities, strict=True) if entity == "PERSON"] == ["Anna", "Blum"]
    assert set(entities) == {"PERSON", "none"}
    assert [label for word, label in zip(WORDS, labels(words, "is_punct"), strict=True) if word == "."] == ["True"] * 2


def test_each_sequence_is_read_for_itself(tmp_path, pipeline):
    tokens = ["he", "met", "Anna", "Blum", "(", "Anna"]
    write_project(tmp_path / "q", tokens, {"s": np.zeros((6, 1))}, sequences=[0, 3])
    assert main(["annotate", str(tmp_path / "q"), "sentence_position", "--spacy", str(pipeline)]) == 0
    assert numbers(tmp_path / "q", "sentence_position") == [0, 1, 2, 0, 1, 2]
    assert labels(tmp_path / "q", "named_entity") == ["none"] * 6  # nobody who is called Anna Blum


def test_a_pipeline_that_says_nothing_of_any_token_is_told(words, code, pipeline, capsys):
    assert main(["annotate", str(words), "--spacy", str(pipeline)]) == 0
    assert "is empty" not in capsys.readouterr().err
    assert main(["annotate", str(words), "--spacy", f"{pipeline}:dep_"]) == 0
    assert "dep_ is empty for every token. Has the pipeline a component that sets it?" in capsys.readouterr().err
    assert main(["annotate", str(code), "--spacy", str(pipeline)]) == 0
    assert "ent_type_ is empty for every token. It reads words, and the tokens" in capsys.readouterr().err


def test_what_is_wrong_with_a_pipeline_is_said(words, pipeline, capsys):
    assert main(["annotate", "p", "--spacy", "no_such_pipeline"]) == 1
    assert "spaCy has no pipeline 'no_such_pipeline'. Install one" in capsys.readouterr().err
    assert main(["annotate", "p", "--spacy", f"{pipeline}:colour"]) == 1
    assert "spaCy's tokens have no attribute 'colour' in this pipeline" in capsys.readouterr().err


def test_an_annotation_is_replaced_and_removed(words, capsys):
    assert main(["annotate", "p", "quotation"]) == 0
    assert main(["annotate", "p", "quotation"]) == 1
    assert "There is an annotation 'quotation' already" in capsys.readouterr().err
    assert main(["annotate", "p", "--replace", "quotation=sentence_position"]) == 0
    assert numbers(words, "quotation")[1] == 1
    assert main(["annotate", "p", "--remove", "quotation"]) == 0
    assert Project(words).annotations == {}
    assert main(["annotate", "p", "--remove", "quotation"]) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["quotes"], "There is no annotator 'quotes'."),
        (["quotaton"], "There is no annotator 'quotaton'. Did you mean `quotation`? There are: part_of_speech, "),
        (["vowels"], "vowels is for characters; the tokens of this project are words. For them there are: part_of_"),
        (["a=quotation", "a=line_position"], "Two annotations are to be called 'a'."),
        (["a/b=quotation"], "An annotation must have a name without `/`"),
        (
            ["quotation", "--lexer", "python"],
            "--lexer is for bracket_depth, token_kind, ",
        ),
        (["quotation", "--nltk-data", "x"], "--nltk-data is for part_of_speech."),
        (["token_kind", "--lexer", "klingon"], "Pygments has no lexer 'klingon'."),
        (["--file", "a=b.txt", "--scalar", "b"], "--scalar names 'b'; --file gives a."),
        (["--file", "nothing.txt"], "nothing.txt: No such file or directory."),
    ],
)
def test_what_cannot_be_is_said_before_any_work(words, capsys, arguments, sentence):
    assert main(["annotate", "p", *arguments]) == 1
    assert f"lstmvis: {sentence}" in capsys.readouterr().err
    assert Project(words).annotations == {}


def test_a_project_without_tokens_says_so(tmp_path, capsys):
    write_project(tmp_path / "p", None, {"s": np.zeros((3, 1))})
    assert main(["annotate", str(tmp_path / "p")]) == 0
    assert "It has no tokens that something could be made of" in capsys.readouterr().out
    assert main(["annotate", str(tmp_path / "p"), "quotation"]) == 1
    assert "has no tokens, only numbers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("missing", "arguments", "sentence"),
    [
        ("nltk", ["part_of_speech"], "Parts of speech need NLTK: pip install 'lstmvis[demos]'"),
        ("pygments.lexers", ["token_kind"], "Annotations of code need Pygments: pip install 'lstmvis[demos]'"),
        ("spacy", ["--spacy", "x"], "This needs spaCy: pip install spacy"),
    ],
)
def test_what_has_to_be_installed_is_said(words, monkeypatch, capsys, missing, arguments, sentence):
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(["annotate", "p", *arguments]) == 1
    assert sentence in capsys.readouterr().err


def test_what_has_to_be_downloaded_is_said(words, monkeypatch, capsys, tmp_path):
    import nltk

    monkeypatch.setattr(nltk.data, "path", [])
    (tmp_path / "data").mkdir()
    assert main(["annotate", "p", "part_of_speech", "--nltk-data", str(tmp_path / "data")]) == 1
    said = capsys.readouterr().err
    assert "python -m nltk.downloader averaged_perceptron_tagger_eng" in said
    assert f"It looks in: {tmp_path / 'data'}." in said
    assert main(["annotate", "p", "part_of_speech", "--nltk-data", "nowhere"]) == 1
    assert "--nltk-data: there is no folder nowhere." in capsys.readouterr().err
    assert Project(words).annotations == {}


@pytest.mark.parametrize("packed", [False, True])
def test_the_tagger_that_a_demo_has_downloaded_is_found(words, monkeypatch, tmp_path, packed):
    import nltk

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(nltk.data, "path", [])
    monkeypatch.setattr(nltk_data, "find", lambda path: None)
    monkeypatch.setattr(nltk_data, "TAGGER", replace(nltk_data.TAGGER, fault=lambda path: ""))
    taggers = demo_corpora.write_tagger(tmp_path / "cache/lstmvis/corpora/nltk_data") / "taggers"
    if packed:
        (folder,) = taggers.iterdir()
        shutil.make_archive(str(folder), "zip", taggers, folder.name)
        shutil.rmtree(folder)
    assert main(["annotate", "p", "part_of_speech"]) == 0
    assert labels(words, "part_of_speech")[4] == "VERB"  # said


def test_parts_of_speech_come_from_the_tagger(words, monkeypatch):
    module = sys.modules[part_of_speech.__module__]
    monkeypatch.setattr(module, "load_tagger", lambda data: lambda read: ["NN" for _ in read])
    assert main(["annotate", "p", "part_of_speech"]) == 0
    assert labels(words, "part_of_speech").count("NOUN") == 15  # all but the two <eos>


def test_every_annotator_is_in_the_documentation():
    text = (Path(__file__).parents[2] / "docs" / "annotations.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in annotators.ANNOTATORS)


@pytest.mark.skipif("LSTMVIS_CORPORA" not in os.environ, reason="needs the Penn Treebank files")
def test_the_penn_treebank_is_annotated_with_what_nltk_has_learnt(tmp_path, capsys):
    corpora = Path(os.environ["LSTMVIS_CORPORA"])
    with gzip.open(corpora / "ptb" / "ptb.valid.txt.gz", "rt", encoding="utf-8") as file:
        tokens = [token for line in file for token in (*line.split(), "<eos>")][:20_000]
    write_project(tmp_path / "p", tokens, {"s": np.zeros((len(tokens), 1))})
    assert main(["annotate", str(tmp_path / "p"), "part_of_speech", "--nltk-data", str(corpora / "nltk_data")]) == 0
    tags = labels(tmp_path / "p", "part_of_speech")
    by_word = {word: {tag for token, tag in zip(tokens, tags, strict=True) if token == word} for word in set(tokens)}
    assert by_word["N"] == {"NUM"}
    assert by_word["<eos>"] == {"."}
    assert by_word["the"] == {"DET"}
    assert by_word["of"] == {"ADP"}
    unknown = [tag for token, tag in zip(tokens, tags, strict=True) if token == "<unk>"]
    assert np.isin(unknown, ["NOUN", "VERB", "ADJ", "ADV", "NUM"]).mean() > 0.95
