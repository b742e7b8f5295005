"""Channels and categories of the merchant API."""

import pytest

from tests.factories.api import ADMIN
from tests.factories.catalog import make_category, make_channel

pytestmark = pytest.mark.django_db


def test_channels_and_categories_are_listed(merchant):
    make_channel(code="shop-az", currency="AZN")
    make_category(slug="headlamps", names={"en": "Headlamps"})

    (channel,) = merchant.get(f"{ADMIN}channels/").json()["results"]
    (category,) = merchant.get(f"{ADMIN}categories/").json()["results"]

    assert (channel["code"], channel["currency"]) == ("shop-az", "AZN")
    assert (category["slug"], category["names"]) == ("headlamps", {"en": "Headlamps"})
