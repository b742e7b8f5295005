from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils.translation import override

from storefront.dev.pages import samples
from storefront.web.catalog import product_card
from tests.factories.catalog import NOON

LIGHT = samples.cards(NOON)[0]


@pytest.fixture(autouse=True)
def empty_card_cache():
    product_card._rendered.cache_clear()


def rendered(light=LIGHT, now=NOON, **words):
    return str(product_card.card(light, now, "EUR", samples.answer(NOON.date()), **words))


def test_equal_cards_are_rendered_once():
    assert rendered() == rendered()
    assert product_card._rendered.cache_info().misses == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"price_amount": LIGHT.price_amount + 1}, "€25.99"),
        ({"available": 0}, "Out of stock"),
        ({"as_of": NOON - timedelta(days=3)}, "Out of stock"),
        ({"title": "Trail <500>"}, "Trail &lt;500&gt;"),
        ({"weight_g": None}, "not stated"),
        ({"intensity_cd": None}, "beam not stated"),
        ({"power": ["aaa"]}, "AAA"),
    ],
)
def test_every_change_of_content_is_rendered(change, words):
    assert words not in rendered()

    assert words in rendered(replace(LIGHT, **change))


@pytest.mark.django_db
def test_card_options_stock_and_language_change_its_html():
    answer = replace(samples.answer(NOON.date()), most=0, promise=None, is_sold_out=True)
    picture = replace(LIGHT, picture="a" * 32)

    assert "Out of stock" in str(product_card.card(LIGHT, NOON, "EUR", answer))
    assert "€24.99" in rendered()
    with override("az"):
        assert "24,99" in rendered()
    assert '<h2 class="card-title">' in rendered(heading="h2")
    assert 'type="checkbox"' not in rendered(can_compare=False)
    assert 'loading="lazy"' in rendered(picture)
    assert 'fetchpriority="high"' in rendered(picture, is_first=True)
