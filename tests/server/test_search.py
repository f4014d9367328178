"""What search finds, against the slow definition of each kind."""

import re
import threading
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.dictionary import Dictionary
from lstmvis.data.project import Words
from lstmvis.server import expressions, search
from lstmvis.server.errors import BadParameterError
from lstmvis.server.postings import Postings
from lstmvis.server.search import CorpusSearch

WORDS = ["ab", "Ab", "abb", "ba", "a", "b.", "*", "a*", "(", "[b", "a b", " ", "\n", "", "a\nb", "é", "été", "\\w"]
CHARACTERS = ["a", "b", "A", " ", "\n", ".", "(", "é", "<u>"]
REFUSED = "refused"


class Ids:
    """Those of a project, without a file."""

    def __init__(self, ids):
        self._ids = ids

    def __len__(self):
        return len(self._ids)

    def integers(self, start, stop):
        return self._ids[max(start, 0) : max(stop, 0)]


def corpus(tokens, vocabulary=None, steps=None):
    """A search over these tokens, which are also all that the dictionary knows if nothing else is said."""
    known = list(vocabulary or dict.fromkeys(tokens))
    ids = np.array([known.index(token) for token in tokens], np.int64)
    return CorpusSearch(Words(Ids(ids), Dictionary((token, i) for i, token in enumerate(known))), steps or len(ids))


def found(corpus, query, kind="phrase", match_case=True, limit=10_000):
    """The places, as position and length, or that the query is refused."""
    try:
        findings = corpus.find(query, limit, kind, match_case)
    except BadParameterError:
        return REFUSED
    assert findings.complete
    places = [(place.index, place.length) for place in findings.places]
    assert len(places) == min(limit, findings.total)
    return places


def naive_phrase(tokens, items, match_case, known, wild=True):
    """Every position at which each item fits a token: it is one, or, being none, is one with `*` for anything."""

    def fits(item, token):
        fold = (lambda text: text) if match_case else str.casefold
        if fold(item) == fold(token):
            return True
        if not wild or fold(item) in map(fold, known) or "*" not in item:
            return False
        return re.fullmatch(".*".join(map(re.escape, fold(item).split("*"))), fold(token), re.DOTALL) is not None

    return [
        (at, len(items))
        for at in range(len(tokens) - len(items) + 1)
        if all(fits(item, token) for item, token in zip(items, tokens[at:], strict=False))
    ]


def naive_expression(tokens, pattern, gap, longest=expressions.LONGEST):
    """As the definition goes, one match after the other from the start of the text."""
    text = gap.join(tokens)
    starts = [sum(len(token) + len(gap) for token in tokens[:at]) for at in range(len(tokens) + 1)]

    def token_of(character):
        return max(at for at in range(len(tokens)) if starts[at] <= character)

    def first_of(match):
        token = token_of(match.start())
        return token + (gap != "" and match.start() == starts[token + 1] - 1)

    places, at = [], 0
    while match := pattern.search(text, at):
        if match.start() == match.end():
            return REFUSED
        first = first_of(match)
        last = max(first, token_of(match.end() - 1))
        if last - first >= longest:
            match = pattern.search(text, match.start(), starts[first + longest])
            if match is None or first_of(match) != first:
                at = starts[first + 1] - len(gap)
                continue
            if match.start() == match.end():
                return REFUSED
            last = max(first, token_of(match.end() - 1))
        places.append((first, last - first + 1))
        at = starts[last + 1] - len(gap)
    return places


# phrases


@given(
    tokens=st.lists(st.sampled_from(WORDS), max_size=30),
    items=st.lists(st.sampled_from([*WORDS, "a*", "*b", "a*b", "*", "**", "x", "A*", "é*"]), min_size=1, max_size=3),
    beyond=st.integers(0, 3),
    match_case=st.booleans(),
)
@pytest.mark.parametrize("lacking", [[], ["*"], ["*", "a*"]])
def test_phrases_and_beginnings_are_found_in_words(lacking, tokens, items, beyond, match_case):
    known = [*[word for word in WORDS if word not in lacking], "one", "two", "three"]
    tokens = [token for token in tokens if token in known] or ["ab"]
    steps = max(1, len(tokens) - beyond)
    query = " ".join(items)
    fold = (lambda text: text) if match_case else str.casefold
    tokens_between_spaces = [
        [piece] if piece and fold(piece) in map(fold, known) else piece.split() for piece in query.split(" ")
    ]
    items = [query] if fold(query) in map(fold, known) else [item for one in tokens_between_spaces for item in one]
    expected = naive_phrase(tokens[:steps], items, match_case, known) if query and items else []
    assert found(corpus(tokens, known, steps), query, "phrase", match_case) == expected


@given(
    tokens=st.lists(st.sampled_from(CHARACTERS), min_size=1, max_size=30),
    query=st.text("abA .(é\n", min_size=1, max_size=3),
    beyond=st.integers(0, 3),
    match_case=st.booleans(),
)
def test_phrases_are_found_in_characters(tokens, query, beyond, match_case):
    steps = max(1, len(tokens) - beyond)
    expected = naive_phrase(tokens[:steps], list(query), match_case, CHARACTERS, wild=False)
    assert found(corpus(tokens, CHARACTERS, steps), query, "phrase", match_case) == expected


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("under*", [(0, 5), (6, 10), (31, 5)]),
        ("the u*", [(27, 9)]),
        ("*der the", [(31, 9)]),
        ("u*n", [(0, 2), (6, 9), (31, 2)]),
        ("r. *", [(22, 4)]),
        ("*", [(0, 5), (6, 10), (17, 4), (22, 1), (25, 1), (27, 3), (31, 5), (37, 3)]),
        ("UNDER*", []),
    ],
)
def test_in_characters_a_star_is_the_rest_of_a_word(query, places):
    text = "under understand thun r. e the under the"
    assert found(corpus(list(text)), query) == places


def test_a_word_begins_where_no_letter_of_any_script_is_before_it():
    text = corpus(list("été tea e\u0301te darüber über Über_t _t \u017fo"))
    assert found(text, "t*") == [(4, 3)]
    assert found(text, "über*") == [(21, 4)]
    assert found(text, "ü*", match_case=False) == [(21, 4), (26, 6)]
    assert found(text, "_*") == [(33, 2)]
    assert found(text, "*te") == [(4, 2), (8, 4)]
    assert found(text, "s*", match_case=False) == [(36, 2)]


@given(st.text("aéA\u0301_. ", min_size=1, max_size=30), st.text("aéA_. *", max_size=5), st.booleans())
def test_in_characters_stars_are_what_lookbehind_would_find(text, query, match_case):
    query = re.sub(r"\*+", "*", query + "*")
    within = "[\\w\u0301]"
    parts = [re.escape(part) for part in query.split("*")]
    source = f"{within}*".join(parts) if any(parts) else f"{within}+"
    begins = f"(?<!{within})" if re.match(r"\w", query) else ""
    pattern = re.compile(begins + source, 0 if match_case else re.IGNORECASE)
    places = [(match.start(), len(match[0])) for match in pattern.finditer(text)]
    assert found(corpus(list(text), [*text, *"0123456789"]), query, "phrase", match_case) == places


def test_where_no_word_begins_a_place_is_looked_for_from_the_next_character_on():
    assert found(corpus(list("xab ab abc")), "ab a*") == [(4, 6)]
    assert found(corpus(list("üab ab abc")), "ab a*") == [(4, 6)]


def test_too_many_stars_are_refused_as_what_they_are():
    for tokens, sentence in [
        (["a", "b"], "a phrase with at most 16 '*'"),
        (["ab", "cd"], "a phrase with at most 16 different words that have a '*'"),
    ]:
        query = [f"{letter}*" for letter in "abcdefghijklmnopq"]
        assert found(corpus(tokens), " ".join(query[:16])) == []
        with pytest.raises(BadParameterError, match=re.escape(sentence)):
            corpus(tokens).find(" ".join(query), 1)


def test_a_token_in_a_phrase_may_have_white_space_in_it_that_is_no_space():
    words = corpus(["10\u00a0000", "marks", "\n", "and", "10", "000", "marks"])
    assert found(words, "10\u00a0000 marks") == [(0, 2)]
    assert found(words, "\n and") == [(2, 2)]
    assert found(words, "and\t10\u3000000") == [(3, 3)]


def test_a_star_that_is_a_token_is_no_more_than_that():
    assert found(corpus(["f", "(", "*", "args", "b*", "bar"]), "*") == [(2, 1)]
    assert found(corpus(["fo", "((", "*", "args", "b*", "bar"]), "( *") == []
    assert found(corpus(["fo", "((", "*", "args", "b*", "bar"]), "(( * a*") == [(1, 3)]
    assert found(corpus(["fo", "((", "*", "args", "b*", "bar"]), "b*") == [(4, 1)]
    assert found(corpus(list("a*b* ab")), "b*") == [(2, 2)]


def test_capitals_and_small_letters_may_be_the_same():
    words = corpus(["The", "ÉTÉ", "the", "THE", "straße", "end"])
    assert found(words, "the") == [(2, 1)]
    assert found(words, "tHe", match_case=False) == [(0, 1), (2, 1), (3, 1)]
    assert found(words, "été THE", match_case=False) == [(1, 2)]
    assert found(words, "STRASSE", match_case=False) == [(4, 1)]
    assert found(words, "TH*", match_case=False) == [(0, 1), (2, 1), (3, 1)]
    assert found(words, "^t|é$", "regex", match_case=False) == [(0, 1), (1, 1), (2, 1), (3, 1)]


def test_a_token_with_several_ids_is_found_under_each_of_them():
    dictionary = Dictionary([("one", 0), ("two", 1), ("one", 5)])
    ids = np.array([5, 1, 0, 7, -3, 2**40])
    words = CorpusSearch(Words(Ids(ids), dictionary), 6)
    assert found(words, "one") == [(0, 1), (2, 1)]
    assert found(words, "^#") == found(words, "x") == []
    assert found(words, "^#", "regex") == [(3, 1), (4, 1), (5, 1)]


# regular expressions

PLAIN = [(letter, letter) for letter in "abA"]
ATOMS = [
    *PLAIN,
    (".", "."),
    (r"\.", r"\."),
    (r"\(", r"\("),
    (r"\w", r"\w"),
    ("[ab]", "[ab]"),
    ("é", "é"),
    (r"\s", r"[\t\n\f\r ]"),
]
IN_WORDS = [
    *ATOMS,
    (" ", r"[ \n]"),
    ("[^a]", r"[^a\n]"),
    ("[^-a]", r"[^-a\n]"),
    ("[^]]", r"[^]\n]"),
    ("[a ]", r"[a \n]"),
    ("[] ]", r"[] \n]"),
    (r"\W", r"[^\w\n]"),
    (r"\D", r"[^\d\n]"),
    (r"\Qa b.\E", r"a[ \n]b\."),
    (r"[^\W]", r"\w"),
    ("(?s:.)", "(?s:.)"),
]
IN_TEXT = [*ATOMS, (" ", " "), ("[^a]", "[^a]"), (r"\W", r"\W"), (r"\n", r"\n"), ("(?s:.)", "(?s:.)")]
ENDS = [("^", "^"), ("$", "$"), (r"\b", r"\b")]
QUANTIFIERS = st.sampled_from(["", "", "", "*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{0,2}?"])


def written(atoms, ends=()):
    """Expressions as a person writes them, and as Python's `re` understands them over the text."""

    def both(parts, join):
        return join(part[0] for part in parts), join(part[1] for part in parts)

    def repeat(part, quantifier):
        return part[0] + quantifier, part[1] + quantifier

    def group(part):
        return f"({part[0]})", f"(?:{part[1]})"

    atom = st.sampled_from(atoms)
    sure = st.lists(atom, min_size=1, max_size=2).map(lambda parts: both(parts, "".join))
    grouped = st.lists(sure, min_size=1, max_size=2).map(lambda parts: group(both(parts, "|".join)))
    part = st.one_of(st.builds(repeat, st.one_of(atom, grouped), QUANTIFIERS), *([st.sampled_from(ends)] * bool(ends)))
    sequence = st.lists(part, min_size=1, max_size=4).map(lambda parts: both(parts, "".join))
    return st.lists(sequence, min_size=1, max_size=2).map(lambda parts: both(parts, "|".join))


def compiled(source, match_case=True):
    return re.compile(source, re.MULTILINE | re.ASCII | (0 if match_case else re.IGNORECASE))


KINDS_OF_TEXT = [(WORDS, IN_WORDS, "\n"), (CHARACTERS, IN_TEXT, "")]


@pytest.mark.parametrize(("vocabulary", "atoms", "gap"), KINDS_OF_TEXT, ids=["words", "characters"])
@given(data=st.data(), piece=st.sampled_from([1, 2, 5, 8192]), match_case=st.booleans(), beyond=st.integers(0, 3))
def test_expressions_are_found_as_their_definition_says(vocabulary, atoms, gap, data, piece, match_case, beyond):
    known = [*vocabulary, "one", "two", "three"] if gap else vocabulary
    tokens = data.draw(st.lists(st.sampled_from(vocabulary), min_size=1, max_size=25))
    steps = max(1, len(tokens) - beyond)
    source, python = data.draw(written(atoms, ENDS))
    expected = naive_expression(tokens[:steps], compiled(python, match_case), gap)
    with patch.object(expressions, "PIECE", piece):
        assert found(corpus(tokens, known, steps), source, "regex", match_case) == expected, source


@pytest.mark.parametrize(("vocabulary", "atoms", "gap"), KINDS_OF_TEXT, ids=["words", "characters"])
@given(data=st.data(), piece=st.sampled_from([1, 2, 5]), longest=st.integers(1, 4))
def test_no_place_is_longer_than_the_longest(vocabulary, atoms, gap, data, piece, longest):
    known = [*vocabulary, "one", "two", "three"] if gap else vocabulary
    tokens = data.draw(st.lists(st.sampled_from(vocabulary), min_size=1, max_size=25))
    source, python = data.draw(written(atoms))
    expected = naive_expression(tokens, compiled(python), gap, longest)
    with patch.object(expressions, "PIECE", piece), patch.object(expressions, "LONGEST", longest):
        assert found(corpus(tokens, known), source, "regex") == expected, source


@pytest.mark.parametrize(
    ("expression", "places"),
    [
        ("under", [(0, 1), (3, 1), (5, 1)]),
        ("^under$", [(5, 1)]),
        ("under.*the", []),  # nothing but a space leaves a word
        ("under[^x]+the", []),
        ("d the$", [(3, 2)]),
        (r"the( \w+)? of", [(1, 2), (4, 3)]),
        (r"the\sof", [(1, 2)]),
        ("(?s)the.*of", [(1, 6)]),
        ("^(?i)O", [(2, 1), (6, 1)]),
        (r"\AT|f\z", [(2, 1), (6, 1)]),
        ("e u| o", [(2, 1), (4, 2), (6, 1)]),
        (r"\pL{6,}", [(0, 1), (3, 1)]),
        ("q", []),
    ],
)
def test_expressions_over_words(expression, places):
    words = corpus(["underdog", "the", "of", "understood", "the", "under", "of"])
    assert found(words, expression, "regex") == places


def test_what_is_found_by_an_expression_is_shown_in_whole_tokens():
    words = corpus(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    place = words.find("o th", 1, "regex").places[0]
    assert (place.before, place.found, place.after) == ("one ", "two three", " four five six seven eight")
    assert place.text(as_html=True) == "one <b>two three</b> four five six seven eight"


def test_of_a_very_long_place_the_beginning_is_shown():
    place = corpus(["ab", "end"] * 300).find(r"ab( \w+)*", 1, "regex").places[0]
    assert place.length == 600
    assert place.found == "ab end " * 25 + "…"
    place = corpus(list("ab" * 900)).find(r"[ab]*b", 1, "regex").places[0]
    assert place.length == 1000
    assert place.found == "ab" * 100 + "…"
    assert place.after == "ab" * 10


def test_more_places_than_are_counted_are_said_to_be_more():
    text = corpus(list("ab" * 50))
    with patch.object(search, "MOST_COUNTED", 49):
        findings = text.find("a", 10, "regex")
    assert (findings.total, findings.complete, len(findings.places)) == (49, False, 10)
    with patch.object(search, "MOST_COUNTED", 50):
        findings = text.find("a", 10, "regex")
    assert (findings.total, findings.complete) == (50, True)


# expressions that are refused


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("a(b(c)", "the ( at character 2 is not closed"),
        ("[(]a)(", "the ) at character 5 closes nothing"),
        (r"\((a", "the ( at character 3 is not closed"),
        ("é[b", "the [ at character 2 is not closed"),
        ("a\\", "nothing follows the \\ at its end"),
        ("|*a", "there is nothing before the * at character 2 that it could repeat"),
        ("a{1001}", "{1001} at character 2 repeats more than 1,000 times, or backwards"),
        ("a{99999999}", "{99999999} at character 2 repeats more than 1,000 times, or backwards"),
        ("a**", "** at character 2 repeats a repetition"),
        (r"(a)\1", r"\1 at character 4 has no meaning; a group can't be repeated by its number"),
        ("[b-a]", "b-a at character 2 is no range of characters"),
        (r"\pX", r"\pX at character 1 is no range of characters"),
        ("a(?=b)", "(?= at character 2 has no meaning; looking ahead or behind is not possible"),
        ("(?P<a", "(?P<a at character 1 is not a name for a group"),
        (r"\pL{900}" * 50, "this one is too large"),
    ],
)
@pytest.mark.parametrize("words", [True, False])
def test_an_expression_that_cannot_be_read_is_refused_with_what_is_wrong_and_where(expression, reason, words):
    with pytest.raises(BadParameterError) as refusal:
        expressions.compile_expression(expression, words)
    assert str(refusal.value) == f"Parameter 'q' must be a regular expression; {reason}."


@pytest.mark.parametrize("expression", ["x*", "^", r"\b", "a|$", "()"])
@pytest.mark.parametrize("tokens", [["ab", "cd"], ["a", "b"]])
def test_an_expression_that_fits_empty_text_is_refused(expression, tokens):
    with pytest.raises(BadParameterError, match=r"fits text; this one also fits none, as in [01]"):
        corpus(tokens).find(expression, 5, "regex")


@given(st.text("ab[]()^-\\|*+?{},1:wWdDsSpPLQEnzA. \n<é", max_size=12))
def test_whatever_is_typed_is_answered_or_refused(expression):
    for tokens in (["ab", "a b", "é-", "a\nb"], ["a", "b", "\n", "*", "xx"]):
        found(corpus(tokens), expression)
        found(corpus(tokens), expression, "regex")


@given(st.text("ab[]()^-\\|*+?:wWdDsSpPLQEnzA. é", max_size=12))
def test_what_is_taken_to_stay_in_a_word_finds_the_same_in_each_word(expression):
    """So that searching the vocabulary is searching the text."""
    words = ["ab", "a b", "é-", "b", "[]", "ba", "ab"]
    try:
        compiled = expressions.compile_expression(expression, words=True)
        if compiled.leaves:
            return
        content = "\n".join(words).encode()
        text = expressions.Text(content, np.array([len(word.encode()) for word in words]), gaps=True)
        places = list(compiled.places(text, 60))
    except BadParameterError:
        return
    alone = [expressions.Text(word.encode(), np.array([len(word.encode())]), gaps=True) for word in words]
    assert places == [(at, 1) for at, word in enumerate(alone) if list(compiled.places(word, 60))]


def test_an_expression_that_takes_too_long_is_given_up():
    """The clock is asked before every piece: with no time at all, at the first."""
    text = corpus(["ab", "cd"] * 50)
    with patch.object(expressions, "SECONDS", 0), pytest.raises(BadParameterError) as refusal:
        text.find(r"(\w+ ?)+$x", 5, "regex")
    assert str(refusal.value) == (
        "Parameter 'q' must be a regular expression that takes no longer than 0 seconds on this corpus; "
        "this one reached position 0 of 100 by then."
    )


@pytest.mark.parametrize("expression", [r"(a+)+$x", r"(a|a)*b", r"(.*)*(.*)*(.*)*b", "(?s)(a|.)*?(b|.)*?c"])
def test_what_other_engines_never_end_with_is_linear(expression):
    assert found(corpus(["a"] * 5000 + ["\n"]), expression, "regex") in ([], REFUSED)


# the index


@given(st.lists(st.one_of(st.integers(-3, 5), st.sampled_from([-(2**62), 2**62])), max_size=20), st.data())
def test_postings_are_the_positions_of_tokens(ids, data):
    ids = np.array(ids, np.int64)
    postings = Postings(ids)
    assert postings.ids.tolist() == sorted(set(ids.tolist()))
    rows = data.draw(st.lists(st.sampled_from(range(len(postings.ids))), unique=True) if len(ids) else st.just([]))
    expected = np.flatnonzero(np.isin(ids, postings.ids[rows]))
    assert postings.positions(np.array(rows, np.int64)).tolist() == expected.tolist()
    assert postings.counts.sum() == len(ids)


def test_positions_are_kept_in_four_bytes_each():
    assert Postings(np.zeros(70_000, np.int64)).positions(np.array([0])).dtype == np.uint32


def test_threads_that_search_at_once_share_one_index():
    words = corpus(["ab", "cd", "ef"] * 1000)
    made = []
    with patch.object(search, "Postings", side_effect=lambda ids: made.append(1) or Postings(ids)):
        together = threading.Barrier(8)
        answers = []

        def look(kind, query):
            together.wait()
            answers.append(words.find(query, 1, kind).total)

        threads = [threading.Thread(target=look, args=item) for item in [("phrase", "ab cd"), ("regex", "b c")] * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (made, answers) == ([1], [1000] * 8)


def test_the_index_of_a_large_corpus_is_made_before_anybody_searches():
    for tokens in (["ab", "cd"], ["a", "b"]):
        with patch.object(search, "AHEAD_STEPS", 2):
            words = corpus(tokens)
        before = threading.active_count()
        words.prepare()
        words.prepare()
        for thread in threading.enumerate():
            if thread.name == "search index":
                thread.join()
        assert threading.active_count() == before
        assert words._index is not None
        assert (words._text is not None) == words.by_character


def test_a_corpus_without_tokens_has_nothing_to_find():
    words = corpus([], ["ab", "cd"], steps=0)
    assert found(words, "ab") == found(words, "*") == found(words, "a.", "regex") == found(words, "a b", "regex") == []
