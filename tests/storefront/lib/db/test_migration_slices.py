"""Migrations of long tables go on slice by slice, and what was done stays."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import DataError, connection
from django.db.migrations import RunPython

from storefront.lib.db.migration_slices import slicing
from tests.factories.catalog import make_product

NAMES = "UPDATE catalog_product SET title = 'done' WHERE id > %(after)s AND id <= %(till)s"
FILLING = (
    "catalog.migrations.0021_tell_listings_and_cards",
    "suppliers.migrations.0026_publish_where_to",
    "orders.migrations.0015_taxes_of_lines",
)


class Editor:
    connection = connection


def make_products(many):
    return [make_product(title="new") for _ in range(many)]


def titles(products):
    for product in products:
        product.refresh_from_db()
    return [product.title for product in products]


@pytest.mark.django_db
def test_every_row_is_changed_and_no_more_of_them_at_once(django_assert_num_queries):
    products = make_products(5)
    products[1].delete()
    left = [products[0], *products[2:]]

    with django_assert_num_queries(2 * 2 + 1):
        slicing(NAMES, table="catalog_product", size=2)(None, Editor)

    assert titles(left) == ["done"] * 4


@pytest.mark.django_db(transaction=True)
def test_what_was_done_before_it_fell_over_stays_done():
    products = make_products(5)
    falls = f"{NAMES} AND 1 / (id - {products[2].pk}) IS NOT NULL"

    with pytest.raises(DataError):
        slicing(falls, table="catalog_product", size=2)(None, Editor)

    assert titles(products) == ["done", "done", "new", "new", "new"]


@pytest.mark.parametrize("name", FILLING)
def test_what_fills_long_tables_is_not_one_transaction(name):
    migration = import_module(name).Migration

    assert not migration.atomic
    assert any(isinstance(each, RunPython) for each in migration.operations)
