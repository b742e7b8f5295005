from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from catalog.listings import repricing
from catalog.models import PriceChange
from catalog.pricing import history
from storefront.accounts.models import User
from storefront.lib.line_charts import PriceStep, price_chart, round_scale_top
from tests.factories.catalog import NOON, make_channel
from tests.factories.priced_shop import drafted, open_and_reprice, stock_shop

D = Decimal
DAY = timedelta(days=1)


def step(days, price, landed=None):
    return PriceStep(at=NOON + days * DAY, price=D(price), landed=landed and D(landed))


def test_price_holds_until_the_next_one():
    drawn = price_chart([step(5, "5"), step(0, "10")], until=NOON + 10 * DAY)

    assert drawn.lines[0] == "M64.0 12.0 H346.0 V103.0 H628.0"
    assert drawn.lines[1] == ""
    assert [value for _, value in drawn.marks] == [D(0), D(5), D(10)]
    assert price_chart([], until=NOON) is None
    assert price_chart([step(0, "10")], until=NOON).lines[0] == "M64.0 12.0 H64.0"


def test_missing_cost_leaves_a_gap():
    drawn = price_chart(
        [step(0, "10", "5"), step(5, "10"), step(10, "10", "10")], until=NOON + 20 * DAY
    )

    assert drawn.lines[1] == "M64.0 103.0 H205.0 M346.0 12.0 H628.0"


def test_scale_ends_at_a_round_number():
    tops = {"19.99": "20", "20.01": "40", "9.99": "10", "0.30": "0.4", "999": "1000"}

    assert {high: round_scale_top(D(high)) for high in tops} == {h: D(t) for h, t in tops.items()}


@pytest.mark.django_db
def test_listing_page_shows_the_price_chart(client):
    (listing,) = stock_shop("10.00")
    open_and_reprice(drafted("0.40"), now=NOON + DAY)
    repricing.reprice_channel(channel=make_channel(), now=NOON + DAY)
    PriceChange.objects.create(
        listing=listing, amount=9, cost_amount=1, rule=listing.rule, at=NOON - DAY
    )
    client.force_login(User.objects.create_superuser("ann@fara.example", "a password"))

    prices = history.load_prices(listing=listing)
    page = client.get(reverse("admin:catalog_listing_change", args=[listing.pk])).content.decode()

    assert [(step.price, step.landed) for step in prices] == [
        (D(9), None),
        (D("21.99"), D("12.00")),
        (D("25.99"), D("12.00")),
    ]
    assert '<path class="trend-line" d="M64.0' in page
    assert "In EUR. Solid line: price." in page
