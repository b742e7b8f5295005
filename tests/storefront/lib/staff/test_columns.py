from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from storefront.lib.money import Money
from storefront.lib.staff import columns, pagination
from tests.factories.suppliers import NOON, make_location, make_supplier


@pytest.mark.parametrize(
    ("away", "expected"),
    [
        (timedelta(seconds=-59), "just now"),
        (timedelta(minutes=-4), "4\xa0minutes ago"),
        (timedelta(hours=-5, minutes=-50), "5\xa0hours ago"),
        (timedelta(days=3), "in 3\xa0days"),
    ],
)
def test_moment_is_shown_as_age(away, expected):
    with time_machine.travel(NOON, tick=False):
        assert columns.as_age(NOON + away) == expected


@pytest.mark.parametrize(("locale", "expected"), [("en", "€1,234.50"), ("az", "1.234,50\xa0€")])
def test_money_is_formatted_by_locale(locale, expected):
    with translation.override(locale):
        assert columns.as_money(Money(Decimal("1234.5"), "EUR")) == expected


def test_status_has_text_icon_and_color_only_if_action_is_needed():
    urgent = columns.as_status("on hold", needs_action=True)
    active = columns.as_status("in progress")

    assert "on hold" in urgent
    assert "staff-state-needs-action" in urgent
    assert "in progress" in active
    assert "staff-state-needs-action" not in active


def test_external_text_is_escaped():
    row = SimpleNamespace(raw={"title": "<script>alert(1)</script>"}, body=b"<b>\xff</b>")

    shown = [columns.document(name, "Raw")(row) for name in ("raw", "body")]

    assert "&lt;script&gt;" in shown[0]
    assert "<b>" not in shown[1]


def test_column_follows_relations_until_one_is_missing():
    row = SimpleNamespace(offer=SimpleNamespace(variant=None, currency="USD", cost=Decimal(3)))

    assert columns.link("offer__variant", "Variant")(row) is None
    assert columns.money("offer__cost", "Cost", currency="offer__currency")(row) == "$3.00"
    assert columns.text("offer__missing__name", "Name")(row) is None


@pytest.mark.django_db
def test_filter_offers_the_values_of_the_newest_rows(monkeypatch, staff):
    monkeypatch.setattr(pagination, "MAX_NEWEST_ROWS", 2)
    supplier = make_supplier()
    for country in ("DE", "FR", "IT"):
        make_location(supplier, code=country, country=country)

    page = staff.get(reverse("admin:suppliers_stocklocation_changelist")).content.decode()

    assert [f"country={code}" in page for code in ("DE", "FR", "IT")] == [False, True, True]
