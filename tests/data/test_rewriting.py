import string

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.rewriting import Change, rewritten

BLOCK = """\
# of my thesis
name: books   # not the final name
files:
  states: states.hdf5  # float16
  # the corpus
  train: train.hdf5

meta:
    pos: {file: train, path: pos}   # gold
    loss:
        file: train
        path: loss
# the end
"""


def lines(text):
    return text.splitlines(keepends=True)


def test_an_entry_comes_after_those_that_are_there_and_all_else_stays_as_it_is():
    text = rewritten(BLOCK, [Change("files", "new", "new.hdf5"), Change("meta", "quote", {"file": "new", "path": "q"})])
    added = [line for line in lines(text) if line not in lines(BLOCK)]
    assert added == ["  new: new.hdf5\n", "    quote: {file: new, path: q}\n"]
    assert [line for line in lines(text) if line not in added] == lines(BLOCK)
    assert list(yaml.safe_load(text)["meta"]) == ["pos", "loss", "quote"]


def test_an_entry_is_changed_where_it_stands():
    text = rewritten(BLOCK, [Change("meta", "pos", {"file": "x"}), Change("meta", "loss", {"file": "y"})])
    assert list(yaml.safe_load(text)["meta"].items()) == [("pos", {"file": "x"}), ("loss", {"file": "y"})]
    assert "# gold" in text
    assert "# the end" in text


def test_an_entry_is_taken_out_with_its_lines_alone():
    text = rewritten(BLOCK, [Change("meta", "loss", None)])
    assert lines(text) == [
        line for line in lines(BLOCK) if not line.startswith("    " + "loss") and "        " not in line
    ]


def test_a_section_goes_with_its_last_entry_and_comes_with_its_first():
    text = rewritten(BLOCK, [Change("meta", "loss", None), Change("meta", "pos", None)])
    assert "meta" not in yaml.safe_load(text)
    assert yaml.safe_load(rewritten(text, [Change("meta", "a", 1)]))["meta"] == {"a": 1}


ADDRESS = "source=states::s&pos=2&threshold=0.3&range=4,6"


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        BLOCK.rstrip("\n"),
        BLOCK.replace("\n", "\r\n"),
        BLOCK.replace("files:", "opening: pos=1  # the old one\nfiles:"),
        BLOCK.replace("files:", "opening: 'pos=1\n  '\nfiles:"),
        "opening:\n" + BLOCK,
        "{name: books, meta: {}}\n",
    ],
)
def test_an_entry_of_the_whole_is_put_in_changed_and_taken_out(text):
    changed = rewritten(text, [Change(None, "opening", ADDRESS)])
    assert yaml.safe_load(changed) == yaml.safe_load(text) | {"opening": ADDRESS}
    assert "# the end" in changed or "# the end" not in text
    assert "# the old one" in changed or "# the old one" not in text
    gone = rewritten(changed, [Change(None, "opening", None)])
    assert yaml.safe_load(gone) == {key: value for key, value in yaml.safe_load(text).items() if key != "opening"}


@pytest.mark.parametrize(
    "text",
    [
        "{files: {a: b}, meta: {x: {file: a}}}",
        "{files: {a: b}, meta: {x: 1,},}",
        '{"files": {\n  "a": "b"  # c\n}}\n',
        "files: {a: b}\nmeta: {}",
        "files: {a: b}\nmeta:\n",
        "files: {a: b}\nmeta: []\nname: x",
        "files: {a: b}\nmeta:   # none yet\nname: x\n",
        "files:\n  a: b",
        "files: &f\n  a: b\nmeta: &m\n    x: {file: a}\n",
        "files:\n  a: b\n...\n",
        "---\nfiles:\n  a: b\ndescription: |\n  two\n  lines\n\n",
        "files:\r\n  a: b\r\nmeta:\r\n  x: {file: a}\r\n",
        "files:\n  a: 'it''s: x'\nmeta:\n  ? x\n  : {file: a}\n",
        "\ufefffiles:\n  a: b\n",
    ],
)
def test_any_way_to_write_a_mapping_will_do(text):
    before = yaml.safe_load(text)
    added = rewritten(text, [Change("files", "n", "n.h5"), Change("meta", "new", {"file": "n", "range": [0, 1.5]})])
    expected = {"file": "n", "range": [0, 1.5]}
    after = yaml.safe_load(added)
    assert after["files"] == {**before["files"], "n": "n.h5"}
    assert after["meta"] == {**(before.get("meta") or {}), "new": expected}
    assert ("\r\n" in text) == ("\r\n" in added)
    assert added.replace("\r\n", "").count("\n") == added.count("\n") - added.count("\r\n")
    removed = rewritten(added, [Change("meta", "new", None), Change("files", "n", None)])
    assert yaml.safe_load(removed).get("meta") == (before.get("meta") or None)
    assert yaml.safe_load(removed)["files"] == before["files"]


@pytest.mark.parametrize(
    "name", ["a b", "yes", "12", "a: b", "ä", "日本", "'", '"', "a#b", "- x", "null", "x" * 200, "{"]
)
def test_any_name_will_do(name):
    text = rewritten(BLOCK, [Change("meta", name, {"path": name})])
    assert yaml.safe_load(text)["meta"][name] == {"path": name}
    assert rewritten(text, [Change("meta", name, None)]) == BLOCK


@pytest.mark.parametrize(
    "text",
    [
        "defaults: &d {x: {file: a}}\nmeta: *d\n",
        "a: &d {p: 1}\nmeta:\n  <<: *d\n",
        "meta: 5\n",
        "meta: [1]\n",
    ],
)
def test_what_cannot_be_changed_by_itself_is_refused(text):
    with pytest.raises(ValueError, match="meta"):
        rewritten(text, [Change("meta", "p", None), Change("meta", "new", {"file": "a"})])


@pytest.mark.parametrize("section", ["meta", None])
@pytest.mark.parametrize("text", ["- a\n- b\n", "text", ""])
def test_what_is_no_mapping_is_refused(text, section):
    with pytest.raises(ValueError, match="no mapping"):
        rewritten(text, [Change(section, "new", 1)])


names = st.text(string.printable, min_size=1, max_size=8).filter(lambda name: name.strip() and "\x0b" not in name)
values = st.recursive(st.integers() | names | st.booleans(), lambda below: st.dictionaries(names, below, max_size=3))


@given(
    content=st.fixed_dictionaries({"files": st.dictionaries(names, names, max_size=3)})
    | st.dictionaries(
        st.sampled_from(["meta", "files", "name"]), st.dictionaries(names, values, max_size=3), min_size=1
    ),
    flow=st.sampled_from([None, True, False]),
    key=names,
    value=values,
)
def test_a_change_holds_whatever_the_text(content, flow, key, value):
    text = "# first\n" + yaml.safe_dump(content, default_flow_style=flow) + "# last\n"
    changed = rewritten(text, [Change("meta", key, value)])
    expected = {**content, "meta": {**content.get("meta", {}), key: value}}
    assert yaml.safe_load(changed) == expected
    assert changed.startswith("# first\n")
    assert "# last\n" in changed
