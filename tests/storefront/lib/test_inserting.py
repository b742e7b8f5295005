"""Rows are written as ``save`` writes them, and know their keys."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from catalog.models import Channel, Listing
from storefront.lib.inserting import insert
from tests.factories.catalog import make_channel, make_listing, make_product, make_variant

pytestmark = pytest.mark.django_db


def unsaved(listing, **changed):
    values = {
        field.attname: getattr(listing, field.attname)
        for field in Listing._meta.concrete_fields
        if not field.primary_key
    }
    return Listing(**{**values, **changed})


def test_rows_are_written_whole_and_in_their_order():
    old = make_listing(make_variant(make_product()))
    variants = [make_variant(make_product()) for _ in range(3)]

    rows = insert([unsaved(old, variant_id=each.pk, ships_from={"DE": 3}) for each in variants])

    for row, variant in zip(rows, variants, strict=True):
        found = Listing.objects.get(pk=row.pk)
        assert found.variant_id == variant.pk
        assert found.ships_from == {"DE": 3}
        assert (found.price_amount, found.as_of) == (old.price_amount, old.as_of)
        assert found.updated_at >= old.updated_at  # the clock of ``auto_now``
        row.available = 7
        row.save()
    assert Listing.objects.filter(available=7).count() == 3


def test_the_database_fills_in_what_is_its_own():
    words = {"name": "Other", "currency": "EUR", "default_country": "DE", "countries": ["DE"]}

    (row,) = insert([Channel(code="other", **words)])

    found = Channel.objects.get(code="other")
    assert (found.pk, found.adds_tax, found.supplied_under) == (row.pk, False, 0)


def test_rows_that_may_not_be_are_refused():
    listing = make_listing(make_variant(make_product()), channel=make_channel())

    with pytest.raises(IntegrityError), transaction.atomic():
        insert([unsaved(listing)])


def test_nothing_is_written_of_nothing():
    assert insert([]) == []
