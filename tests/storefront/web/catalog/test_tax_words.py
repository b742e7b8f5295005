"""What stands beside a price is true for its channel: tax is in it, or comes on top."""

from __future__ import annotations

import json

import pytest

from catalog.models import Channel
from notifications.rendering import render
from tests.factories.notifications import PAYLOADS
from tests.storefront.web.checkout.test_views import to_review

pytestmark = pytest.mark.django_db
PLACES = ["/en/", "/en/c/headlamps/", "/en/search/?q=trail", "/en/p/trail-400/",
          "/en/compare/?light=trail-400"]  # fmt: skip


@pytest.fixture
def on_top(light):
    """Let the channel tell its prices without tax, as shops do in the United States."""
    Channel.objects.update(adds_tax=True)
    return light


@pytest.mark.parametrize("path", PLACES)
def test_where_tax_is_in_the_price_it_says_so(client, light, path):
    text = client.get(path).content.decode()

    assert "incl. VAT" in text
    assert "plus tax" not in text
    assert "valueAddedTaxIncluded" not in text


@pytest.mark.parametrize("path", PLACES)
def test_where_tax_comes_on_top_nothing_says_that_it_is_in_the_price(client, on_top, path):
    text = client.get(path).content.decode()

    assert "plus tax" in text
    assert "incl. VAT" not in text
    assert "include VAT" not in text


def test_a_card_is_not_remembered_with_the_words_of_the_other_kind(client, light):
    assert "incl. VAT" in client.get("/en/c/headlamps/").content.decode()

    Channel.objects.update(adds_tax=True)

    assert "incl. VAT" not in client.get("/en/c/headlamps/").content.decode()


def test_machines_are_told_that_tax_is_not_in_the_price(client, on_top):
    text = client.get("/en/p/trail-400/").content.decode()
    start = text.index('<script type="application/ld+json">') + 35
    graph = json.loads(text[start : text.index("</script>", start)])["@graph"]

    (goods,) = [each for each in graph if each["@type"] in {"Product", "ProductGroup"}]
    assert '"valueAddedTaxIncluded": false' in json.dumps(goods)


@pytest.mark.parametrize(
    ("adds_tax", "there", "absent"),
    [(False, "of it VAT", "Sales tax"), (True, "Sales tax", "of it VAT")],
)
def test_cart_and_review_name_the_tax_of_their_channel(filled, adds_tax, there, absent):
    Channel.objects.update(adds_tax=adds_tax)

    for page in (filled.get("/en/cart/"), to_review(filled)):
        text = page.content.decode()
        assert there in text
        assert absent not in text


@pytest.mark.parametrize("added", ["", "8.10"])
def test_the_mail_names_sales_tax_only_where_it_came_on_top(added):
    payload = {**PAYLOADS["order.placed"], "added_tax": added}

    letter = render(template="order_placed", locale="en", payload=payload)

    assert ("Sales tax" in letter.text) == bool(added)
    assert ("Sales tax" in letter.html) == bool(added)
    assert "VAT" not in letter.text
