"""Feed factories: make a shop, a supplier with a feed and its products, run a sync."""

from datetime import UTC, datetime
from decimal import Decimal

from storefront.lib.money import Money
from suppliers.models import Connection, Supplier
from suppliers.sync.runner import run_sync
from tests.factories.catalog import (
    make_category,
    make_channel,
    make_exchange_rate,
    make_price_rule,
)
from tests.factories.product_records import make_product_record, make_variant_record

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CATEGORIES = (
    "headlamps", "flashlights", "lanterns", "work-lights", "bike-lights", "cells-chargers",
    "accessories",
)  # fmt: skip


def make_shop():
    """Make a channel in euros that sells products with costs in dollars."""
    channel = make_channel()
    make_price_rule(channel=channel)
    make_exchange_rate()
    for slug in CATEGORIES:
        make_category(slug=slug, families=())
    return channel


def make_feed_supplier(*, code="lumen", adapter="fake", currency="USD", **connection):
    """Make an active supplier with a connection; by default its connector is in memory."""
    supplier = Supplier.objects.create(
        code=code,
        name=code.title(),
        adapter=adapter,
        currency=currency,
        status=Supplier.Status.ACTIVE,
        status_since=NOON,
        new_product_status=Supplier.NewProductStatus.LIVE,
        product_changes=Supplier.ProductChanges.APPLY,
    )
    usual = {"base_url": "http://fake.example", "calls_per_second": 10_000}
    Connection.objects.create(supplier=supplier, **usual | connection)
    return supplier


def make_upload_supplier(fields):
    """Make a supplier whose files are uploaded; ``fields`` maps their columns."""
    mapping = {"fields": fields, "country": "DE"}
    options = {"via": "upload", "products_at": "feed", "mapping": mapping}
    return make_feed_supplier(code="files", adapter="feed", base_url="", options=options)


def usd(amount):
    return Money(Decimal(amount), "USD")


def stock_world(world, count, *, first=1, colors=("Black",), stock=None, cost="8.40"):
    """Give the in-memory supplier ``count`` headlamps, each in these colors."""
    for number in range(first, first + count):
        world.put(
            make_product_record(
                external_id=f"P{number}",
                title=f"Sensor headlamp {number}",
                variants=[
                    make_variant_record(
                        sku=f"P{number}-{color}",
                        title=f"Sensor headlamp {number} {color}",
                        option_values=(color,),
                        gtin="",
                        mpn=f"H{number}-{color}",
                    )
                    for color in colors
                ],
                picture_urls=(),
            ),
            stock=stock or {"DE": 20, "CN": 100},
            cost=usd(cost),
        )


def sync(supplier, kind="products", *, now=NOON, **words):
    return run_sync(supplier=supplier, kind=kind, now=now, **words)
