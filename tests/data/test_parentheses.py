import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.parentheses import CHARACTERS, DEPTHS, choices, entropy, generate, stationary, transitions


@given(length=st.integers(0, 300), seed=st.integers(0, 2**32))
def test_every_text_keeps_the_grammar_and_its_nesting_is_the_depth_after_each_character(length, seed):
    ids, nesting = generate(length, seed)

    assert len(ids) == len(nesting) == length
    depth = 0
    for character, nested in zip((CHARACTERS[index] for index in ids), nesting, strict=True):
        if character in "()":
            depth += 1 if character == "(" else -1
        else:
            assert int(character) == depth
        assert 0 <= depth <= 4
        assert nested == depth


def test_the_example_in_the_documentation_is_right():
    text, levels = "(1((3)2))0", "1123322100"
    assert text in generate.__doc__.replace(" ", "")
    assert levels in generate.__doc__.replace(" ", "")
    changes = {"(": 1, ")": -1}
    assert "".join(map(str, np.cumsum([changes.get(character, 0) for character in text]))) == levels


def test_a_seed_gives_one_text_and_another_seed_another():
    assert np.array_equal(generate(1000, 7)[0], generate(1000, 7)[0])
    assert not np.array_equal(generate(1000, 7)[0], generate(1000, 8)[0])


def test_a_longer_text_of_the_same_seed_begins_with_the_shorter_one():
    assert np.array_equal(generate(5000, 3)[0][:1000], generate(1000, 3)[0])


def test_all_that_is_allowed_is_equally_likely():
    ids, nesting = generate(200_000, 1)
    for depth in DEPTHS:
        following = ids[1:][nesting[:-1] == depth]
        allowed = [token for token, _ in choices(depth)]
        shares = np.array([np.mean(following == token) for token in allowed])
        assert sum(shares) == 1
        assert shares == pytest.approx(1 / len(allowed), abs=0.012)  # five standard errors


def test_the_share_of_each_depth_is_proportional_to_its_choices():
    # The walk is one on an undirected graph with loops, whose stationary shares are those of the degrees.
    assert stationary() == pytest.approx(np.array([2, 3, 3, 3, 2]) / 13)
    assert stationary() @ transitions() == pytest.approx(stationary())
    nesting = generate(200_000, 2)[1]
    assert np.bincount(nesting) / len(nesting) == pytest.approx(stationary(), abs=0.02)


def test_entropy_is_that_of_four_thirteenths_of_two_choices_and_nine_of_three():
    assert entropy() == pytest.approx((4 * np.log(2) + 9 * np.log(3)) / 13)
    assert entropy() == pytest.approx(0.97385, abs=5e-6)


def test_entropy_is_what_the_perfect_model_loses_on_a_text():
    nesting = generate(200_000, 5)[1]
    loss = np.log([len(choices(depth)) for depth in DEPTHS])[nesting].mean()
    assert loss == pytest.approx(entropy(), rel=5e-3)
