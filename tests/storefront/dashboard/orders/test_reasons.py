"""Reasons of status changes: those of the shop are shown in the language of the page."""

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from storefront.dashboard.orders import reasons


@pytest.mark.parametrize(
    ("recorded", "english", "azerbaijani"),
    [
        ("payment authorized", "Payment authorized", "Ödəniş təsdiqlənib"),
        ("DPD 0150 left", "DPD 0150 left", "DPD 0150 yola salınıb"),
        ("2 purchase orders", "Purchase orders: 2", "Alış sifarişləri: 2"),
        ("it fell off the table", "It fell off the table", "It fell off the table"),
        ("", "", ""),
    ],
)
def test_a_reason_of_the_shop_is_translated(recorded, english, azerbaijani):
    assert reasons.shown(recorded) == english
    with translation.override("az"):
        assert reasons.shown(recorded) == azerbaijani


def test_the_shop_records_each_translated_reason():
    folders = ("orders", "shipping", "storefront/web", "storefront/sales_channels")
    files = (path for folder in folders for path in Path(settings.BASE_DIR, folder).rglob("*.py"))
    source = "".join(path.read_text() for path in files)

    assert [reason for reason in reasons.REASONS if f'"{reason}"' not in source] == []
