"""Listing admin: an unknown value of the filter by days of cover shows all listings."""

import pytest
from django.urls import reverse

from tests.factories.catalog import make_listing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("value", ["5", "x", "²"])
def test_unknown_days_filter_nothing(staff, value):
    make_listing()

    page = staff.get(reverse("admin:catalog_listing_changelist"), {"cover": value})

    assert len(page.context["cl"].result_list) == 1
