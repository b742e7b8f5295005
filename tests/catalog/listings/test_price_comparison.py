"""Pages of price holds and price changes show the old and new price side by side."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from catalog.listings import price_approvals, refresh
from catalog.models import PriceChange, PriceHold
from tests.factories.catalog import NOON, make_channel, make_price_rule, make_variant
from tests.factories.priced_shop import supplied
from tests.factories.pricing import make_price_book, make_terms

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=2)
ROWS = {
    "Supplier": ("cj", "feed"),
    "Ships from": ("CN", "DE, PL"),
    "Wholesale cost": ("10 EUR · €10.00", "1 EUR · €1.00"),
    "Shipping that we pay": ("–", "€4.00"),
    "Duty": ("CN · €3.00", "–"),
    "Landed cost": ("€13.00", "€5.00"),
    "Price": ("€23.99", "€8.99"),
}


@pytest.fixture
def hold():
    """Hold a price because the cost fell to a tenth."""
    make_price_rule(extra_amount="0.00")
    channel = make_channel()
    make_terms(channel=channel, origin="CN", duty_amount=None, handling_amount="0")
    make_terms(channel=channel, supplier_code="feed", freight_amount="4", handling_amount="0")
    make_price_book(channel=channel, version=2, status="live", max_change_per_run="0.40")
    variant = make_variant()
    cheap = supplied(variant, "1.00", supplier_code="feed", origins=("DE", "PL"))
    refresh.refresh_listings(channel=channel, supplies=[supplied(variant)], now=NOON)
    refresh.refresh_listings(channel=channel, supplies=[cheap], now=LATER)
    return PriceHold.objects.get()


def rows(staff, row):
    page = staff.get(reverse(f"admin:catalog_{row._meta.model_name}_change", args=[row.pk]))
    found = re.findall(
        r"<tr><th scope=row>(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>", page.content.decode()
    )
    return {strip_tags(label): (old, new) for label, old, new in found}


def test_an_open_hold_shows_published_and_proposed_price(staff, hold):
    shown = rows(staff, hold)

    assert {label: shown.get(label) for label in ROWS} == ROWS
    assert shown["Margin before tax"] == ("32.51 % · €6.55", "30.82 % · €2.33")


def test_a_decided_hold_and_the_history_show_both_prices(staff, hold):
    price_approvals.approve(hold=hold, actor="ann", now=LATER + timedelta(hours=1))

    for row in (PriceHold.objects.get(), PriceChange.objects.latest("pk")):
        shown = rows(staff, row)
        assert {label: shown.get(label) for label in ROWS} == ROWS


def test_a_first_price_has_no_old_price(staff, hold):
    assert rows(staff, PriceChange.objects.earliest("pk"))["Supplier"] == ("–", "cj")
