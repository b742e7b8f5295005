"""A competitor price list is imported without staff only if its changes are plausible."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.competitors import matching, price_import
from catalog.competitors.labels import review_reason
from catalog.competitors.matching import ImplausibleListError
from catalog.models import CompetitorPrice
from tests.factories.catalog import NOON, make_variant
from tests.factories.competitors import make_competitor_file, make_competitor_price

pytestmark = pytest.mark.django_db
HEAD = "competitor,sku,price,currency\n"


@pytest.fixture
def variant():
    return make_variant()


def known(variant, count=matching.MIN_KNOWN_PRICES, amount="10.00", **more):
    for number in range(count):
        make_competitor_price(variant, competitor=f"shop {number}", amount=amount, **more)


def listed(variant, *prices, currency="EUR"):
    rows = (
        f"shop {number},{variant.sku},{price},{currency}\n" for number, price in enumerate(prices)
    )
    return make_competitor_file(HEAD + "".join(rows))


def import_fetched(file):
    return price_import.import_list(file=file, actor="watch", now=NOON, is_previewed=False)


@pytest.mark.parametrize(
    ("prices", "currency"),
    [
        (["2"] * 11 + ["10"] * 9, "EUR"),
        (["50"] * 6 + ["2.00"] * 5 + ["10"] * 9, "EUR"),
        (["10"] * 20, "JPY"),
    ],
    ids=["to a fifth", "up and down", "another currency"],
)
def test_a_list_that_changes_most_known_prices_waits_for_staff(variant, prices, currency):
    known(variant)
    file = listed(variant, *prices, currency=currency)

    with pytest.raises(ImplausibleListError, match=r"(11|20) of 20 known prices"):
        import_fetched(file)

    file.refresh_from_db()
    assert (file.imported_at, file.counts["matched"]) == (None, 20)
    assert "Check the file and apply it manually" in review_reason(file)
    assert set(CompetitorPrice.objects.values_list("amount", "currency")) == {(Decimal(10), "EUR")}

    price_import.import_list(file=file, actor="ann", now=NOON)

    file.refresh_from_db()
    assert (file.imported_at, file.problem) == (NOON, "")
    assert CompetitorPrice.objects.exclude(amount=10, currency="EUR").exists()
    # Prices that staff approved become the known ones.
    assert import_fetched(file).counts["confirmed"] == 20


@pytest.mark.parametrize(
    ("count", "prices"),
    [
        (20, ["2"] * 10 + ["10"] * 10),
        (20, ["2.01"] * 20),
        (20, ["49.99"] * 20),
        (19, ["2"] * 20),
    ],
    ids=["half of them", "above a fifth", "below five times", "too few known prices"],
)
def test_plausible_changes_are_imported_at_once(variant, count, prices):
    known(variant, count)

    assert len(import_fetched(listed(variant, *prices)).outcomes) == 20


def test_an_older_price_is_no_change(variant):
    known(variant, as_of=NOON + timedelta(hours=1))

    assert import_fetched(listed(variant, *["1"] * 20)).counts["older"] == 20
