"""LSTMVis's addresses, in ours; what they look like is from github.com/HendrikStrobelt/LSTMVis, client/js."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.server.old_addresses import WIDTHS, translate

BASE = "project=p&source=states::states1"


def translated(query):
    """Our parameters; lists of values joined with a bar."""
    return {name: "|".join(values) for name, values in parse_qs(translate(query), keep_blank_values=True).items()}


def test_a_whole_address_is_translated():
    query = (
        "project=05childbook&source=states::states2&pos=100&activation=0.25&cw=35&meta=..part_of_speech,mood"
        "&wordBrush=..5,9&wordBrushZero=..2,0&sc=..3,17,41"
    )
    assert translated(query) == {
        "project": "05childbook",
        "source": "states::states2",
        "pos": "97",
        "threshold": "0.25",
        "width": "35",
        "track": "part_of_speech|mood",
        "range": "102,105",
        "off": "2,0",
        "cells": "3,17,41",
    }


def test_an_address_of_its_list_of_projects_opens_at_its_first_position():
    assert translated(BASE) == {"project": "p", "source": "states::states1", "pos": "97"}


@pytest.mark.parametrize("query", ["", "&", "source=states::states1&pos=5", "project=", "project"])
def test_without_a_project_it_is_the_page_of_all_projects(query):
    assert translate(query) == ""


@pytest.mark.parametrize(
    ("old", "name", "ours"),
    [
        ("pos=0", "pos", "0"),
        ("pos=2", "pos", "0"),
        ("pos=3", "pos", "0"),
        ("pos=-7", "pos", "0"),
        ("pos=1e3", "pos", "997"),
        ("pos=NaN", "pos", "97"),
        ("pos=1&pos=50", "pos", "47"),
        ("pos=2&wordBrush=..1,3", "range", "1,2"),
        ("pos=-7&wordBrush=..1,3", "range", "1,2"),
        ("pos=100&wordBrush=..-4,2", "range", "93,98"),
        ("pos=0&wordBrush=..-4,2", "range", "0,1"),
        ("pos=0&wordBrush=..-4,-2", "range", None),
        ("wordBrush=..5,5", "range", None),
        ("wordBrush=..9,5", "range", None),
        ("wordBrush=..5", "range", None),
        ("wordBrush=..5,6,7", "range", None),
        ("wordBrush=..5,x", "range", None),
        ("wordBrush=..5.5,7", "range", None),
        ("wordBrush=null", "range", None),
        ("wordBrush=5,9", "range", None),
        ("wordBrushZero=..0,0", "off", "0,0"),
        ("wordBrushZero=..-1,0", "off", None),
        ("wordBrushZero=null", "off", None),
        ("activation=0", "threshold", "0"),
        ("activation=-0.25", "threshold", "-0.25"),
        ("activation=high", "threshold", None),
        ("activation=", "threshold", None),
        ("cw=5", "width", "7"),
        ("cw=1000", "width", "200"),
        ("cw=30.4", "width", "30"),
        ("cw=wide", "width", None),
        ("meta=..", "track", ""),
        ("meta=..a%20b,c%26d", "track", "a b|c&d"),
        ("meta=a", "track", None),
        ("sc=..", "cells", None),
        ("sc=..-3,4", "cells", None),
        ("sc=..3,,4", "cells", "3,4"),
        ("sc=..3,four", "cells", None),
        ("mode=fast&left=9&unheard=1", "left", None),
    ],
)
def test_each_parameter_alone_and_what_cannot_be_read_is_left_out(old, name, ours):
    assert translated(f"{BASE}&{old}").get(name) == ours


def test_a_column_is_as_narrow_and_as_wide_as_one_of_the_page_can_be():
    state = Path(__file__).parents[2] / "client" / "src" / "state.ts"
    limits = re.search(r"COLUMN_WIDTHS = \[(\d+), (\d+)\]", state.read_text())
    assert limits.groups() == tuple(map(str, WIDTHS))


@pytest.mark.parametrize("project", ["a b", "a+b", "a&b=c", "日本語", "50%"])
def test_names_come_through_as_they_are(project):
    escaped = "".join(f"%{byte:02X}" if chr(byte) != "+" else "+" for byte in project.encode())
    assert translated(f"project={escaped}")["project"] == project


@given(
    st.text(), st.lists(st.sampled_from(["..", ",", "-", "1", "99999999999999999999", "e", "%", "=", "&", "٣", "x"]))
)
def test_anything_at_all_is_translated_to_something(text, pieces):
    for value in (text, "".join(pieces)):
        for name in ("pos", "cw", "activation", "meta", "wordBrush", "wordBrushZero", "sc"):
            assert translated(f"{BASE}&{name}={value}")["project"] == "p"


@pytest.fixture(scope="module")
def client(tmp_path_factory, serve):
    return serve(tmp_path_factory.mktemp("empty")).client


@pytest.mark.parametrize("path", ["/client/lstmvis.html", "/client/index.html", "/client/", "/client"])
def test_the_server_leads_from_them_to_our_page(client, path):
    response = client.get(f"{path}?{BASE}&wordBrush=..5,9", follow_redirects=False)
    assert response.status_code == 302
    location = urlsplit(response.headers["location"])
    assert (location.netloc, location.path) == ("", "../")
    assert parse_qs(location.query)["range"] == ["102,105"]
    assert client.get(path, follow_redirects=False).headers["location"] == "../"
    assert client.get(f"{path}?project=%FF&pos=%00", follow_redirects=False).status_code == 302


@pytest.mark.parametrize("path", ["/nothing", "/client/other.html", "/a/b/<script>", "/%00", "/assets/"])
def test_an_unknown_path_is_said_in_words_to_a_person(client, path):
    response = client.get(path, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "There is no page at" in response.text
    assert "<script>" not in response.text
    depth = path.count("/") - 1
    assert f'href="{"../" * depth or "./"}"' in response.text
