"""Cards and listings of before know where to and of which variant, as they are written now."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.models import Card, Listing
from catalog.search import index
from storefront.lib.db.migration_slices import slicing
from tests.factories.catalog import (
    make_area,
    make_channel,
    make_listing,
    make_product,
    make_spec,
    make_variant,
)

TELLING = import_module("catalog.migrations.0021_tell_listings_and_cards")

pytestmark = pytest.mark.django_db


def tell(statement, table):
    slicing(statement, table=table, size=2)(None, _Editor)


class _Editor:
    connection = connection


def make_light(*offered):
    """Make a light with variants of these prices and numbers, and its card."""
    product = make_product()
    make_spec(product)
    for price, available in offered:
        make_listing(make_variant(product), price_amount=price, available=available)
    with transaction.atomic():
        index.shelve(product_ids=[product.pk], channel=make_channel())
    return product


def told():
    return list(Card.objects.order_by("pk").values_list("variant", "available", "area"))


def test_cards_name_the_variant_that_they_would_be_written_with():
    lights = [
        make_light(("19.99", 0), ("29.99", 4)),
        make_light(("19.99", 3), ("29.99", 4)),
        make_light(("19.99", 0)),
        make_light(("24.99", 7), ("24.99", 9)),
        make_light(("14.99", 1), ("12.99", 2), ("11.99", 0)),
    ]
    right = told()
    another = make_variant(lights[0])
    Card.objects.update(variant=another, available=99, area=None)

    tell(TELLING.NAME_THEM, "catalog_card")

    assert told() == right


def test_listings_are_sent_everywhere_until_somebody_knows_better():
    near = make_area("DE")
    everywhere = make_area()
    known, unknown, gone = (make_listing(available=many) for many in (3, 3, 0))
    Listing.objects.update(area=None)
    Listing.objects.filter(pk=known.pk).update(area=near)

    tell(TELLING.SENT_EVERYWHERE, "catalog_listing")

    areas = dict(Listing.objects.values_list("pk", "area"))
    assert areas == {known.pk: near.pk, unknown.pk: everywhere.pk, gone.pk: None}


def test_the_database_keeps_no_card_without_its_variant():
    make_light(("19.99", 3))

    with pytest.raises(IntegrityError):
        Card.objects.update(variant=None)
