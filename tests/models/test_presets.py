import pytest

from lstmvis.models.language_model import Configuration
from lstmvis.models.presets import PRESETS
from lstmvis.models.training import Settings


@pytest.mark.parametrize(
    ("name", "epochs", "rates"),
    [
        # Their learning rate times the number of steps, over which they sum the loss.
        ("zaremba-small", (1, 4, 5, 13), (20, 20, 10, 20 / 2**9)),
        ("zaremba-medium", (1, 6, 7, 39), (35, 35, 35 / 1.2, 35 / 1.2**33)),
        ("karpathy", (1, 10, 11, 50), (0.002, 0.002, 0.0019, 0.002 * 0.95**40)),
    ],
)
def test_the_learning_rate_falls_as_in_the_paper(name, epochs, rates):
    settings = Settings(**PRESETS[name].training)
    assert settings.epochs == epochs[-1]
    assert [settings.rate(epoch, 0) for epoch in epochs] == pytest.approx(rates)


@pytest.mark.parametrize(("name", "limit"), [("zaremba-small", 5), ("zaremba-medium", 5), ("karpathy", 5)])
def test_gradients_are_cut_where_the_papers_cut_those_of_a_sum(name, limit):
    settings = Settings(**PRESETS[name].training)
    assert settings.clip * settings.steps == pytest.approx(limit)


def test_the_small_model_has_as_many_weights_as_that_of_the_paper():
    from lstmvis.models.language_model import LanguageModel

    model = LanguageModel(Configuration(10_000, **PRESETS["zaremba-small"].model))
    # embedding, two layers of 4 x 200 gates (with two biases), decoder
    assert sum(each.numel() for each in model.parameters()) == 2_000_000 + 2 * (800 * 400 + 1600) + 2_010_000
