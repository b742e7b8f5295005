"""Product alert e-mails: trigger each by the shop's own code, check its text in both languages."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Channel, PriceChange
from notifications import dispatch, preferences
from notifications.models import Event
from tests.factories.catalog import make_price_rule
from tests.factories.orders import make_sellable
from tests.factories.product_alerts import HELD, set_price, subscribe, sweep
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON
from tests.support.emails import email_test

pytestmark = pytest.mark.django_db


def ask(kind="back_in_stock"):
    subscribe(make_sellable(), kind=kind, is_verified=False)


def ask_for_a_price_drop():
    ask("price_drop")


def tell(kind="back_in_stock", *, prices=(), excludes_tax=False):
    listing = make_sellable()
    make_service()
    Channel.objects.update(prices_exclude_tax=excludes_tax)
    subscribe(listing, kind=kind)
    rule = make_price_rule()
    for days, price in prices:
        PriceChange.objects.create(
            listing=listing,
            amount=Decimal(price),
            cost_amount=Decimal(10),
            rule=rule,
            at=NOON - timedelta(days=days),
        )
    set_price(listing, "29.99")
    sweep()
    sweep(HELD)


def tell_with_tax_added():
    tell(excludes_tax=True)


def tell_of_a_price_drop():
    # 24.99 ended before the 30 days, 34.99 was in force when they began
    tell("price_drop", prices=[(60, "24.99"), (50, "34.99"), (10, "39.99"), (0, "29.99")])


def tell_of_a_price_drop_with_tax_added():
    tell("price_drop", excludes_tax=True)


CASES = [
    (
        "product_alert.asked",
        ask,
        ["Confirm your request.", "is available again? Confirm it within seven days."],
    ),
    ("product_alert.asked", ask_for_a_price_drop, ["drops? Confirm it within seven days."]),
    (
        "product_alert.back_in_stock",
        tell,
        [
            "can be ordered again for delivery to Germany.",
            "€29.99 incl. VAT, duty paid",
            "If you order today, it arrives",
            "It is the only one: your request has ended.",
        ],
    ),
    ("product_alert.back_in_stock", tell_with_tax_added, ["€29.99 plus tax, duty paid"]),
    (
        "product_alert.price_drop",
        tell_of_a_price_drop,
        [
            "The price dropped.",
            "€29.99 incl. VAT",
            "€39.99",
            "Lowest price of the 30 days before the drop",
            "€34.99",
        ],
    ),
    ("product_alert.price_drop", tell_of_a_price_drop_with_tax_added, ["€29.99 plus tax"]),
]


test_product_alert_email = email_test(CASES)


def test_the_choices_of_messages_are_linked():
    tell()
    (message,) = dispatch.fan_out(
        event=Event.objects.get(name="product_alert.back_in_stock"), now=NOON
    )

    assert preferences.preferences_url(message) in dispatch.compose(message).text
