"""Catalog and stock: a read is complete or raises, with any fault of its calls."""

import time
from datetime import timedelta

import pytest

from catalog.records import ImportIssue
from storefront.lib.http.errors import ExternalServiceError
from suppliers.connectors.capabilities import Capability
from suppliers.connectors.records import FreightOption, PriceReport, ProductDetail, StockReport
from tests.suppliers.connectors.contract.cases import (
    LONG_AGO,
    PATIENCE_S,
    READS,
    comparable_values,
    connectors_with,
    faults_of,
    pages,
    request,
    routes,
    stock_and_costs,
)

CAN_LOOK_COMPLETE = {"empty", "truncated", "huge"}


@pytest.mark.parametrize("name", connectors_with(Capability.CATALOG))
def test_catalog_returns_or_reports_every_sku_and_is_the_same_twice(connect, name):
    opened = connect(name)

    rows = list(pages(opened.connector))
    again = list(pages(connect(name).connector))

    imported = {
        variant.sku
        for page in rows
        if isinstance(page, ProductDetail) and page.record
        for variant in page.record.variants
    }
    reported = {row.row for row in rows if isinstance(row, ImportIssue)}
    for page in rows:
        if isinstance(page, ProductDetail):
            reported |= {row.row for row in page.problems} | (
                set() if page.record else {page.external_id}
            )
    known_items = opened.subject.goods(opened.sandbox)
    lost = {
        sku
        for sku, external_id in known_items.items()
        if not {sku, external_id} & (imported | reported)
    }
    assert lost == set()
    assert len(imported) > len(known_items) / 2
    assert imported <= known_items.keys()
    first, second = (
        {page.external_id: page.digest for page in read if isinstance(page, ProductDetail)}
        for read in (rows, again)
    )
    assert first == second


@pytest.mark.parametrize("name", connectors_with(Capability.STOCK_AND_PRICE))
def test_stock_and_costs_are_of_known_items(connect, name):
    opened = connect(name)

    stock, costs = stock_and_costs(opened.connector, opened.item.external_id)

    levels = [row for row in stock if isinstance(row, StockReport)]
    prices = [row for row in costs if isinstance(row, PriceReport)]
    assert opened.item.sku in {row.sku for row in levels} & {row.sku for row in prices}
    assert [row for row in levels if not row.location] == []
    assert {len(row.country) for row in levels} == {2}
    assert {row.cost.currency for row in prices} == {opened.subject.currency}
    assert all(row.cost.amount > 0 for row in prices)


@pytest.mark.parametrize("name", connectors_with(Capability.FREIGHT))
def test_freight_is_quoted(connect, name):
    quoted = routes(connect(name))

    assert quoted
    assert all(isinstance(route, FreightOption) and route.name for route in quoted)
    assert all(route.price.amount >= 0 and route.min_days <= route.max_days for route in quoted)


@pytest.mark.parametrize("name", connectors_with(Capability.BALANCE))
def test_balance_is_money(connect, name):
    assert connect(name).connector.balance().amount > 0


@pytest.mark.parametrize("name", connectors_with(Capability.CHARGING))
def test_charge_has_our_number_and_the_suppliers(connect, name):
    opened = connect(name)
    order_request = request(opened)
    placed = opened.connector.place(order_request)

    rows = {one.number: one for one in opened.connector.list_invoices(since=LONG_AGO)}

    charge = rows[order_request.number]
    assert (charge.supplier_reference, charge.subtotal) == (placed.supplier_reference, placed.cost)
    assert charge.freight == placed.freight
    later = charge.at + timedelta(days=1)
    assert list(opened.connector.list_invoices(since=later)) == []


@pytest.mark.parametrize(("name", "ability", "path", "kind"), faults_of(*READS))
def test_failed_read_raises_in_time_or_returns_true_rows(connect, name, ability, path, kind):
    """A truncated list can look complete: quarantine has to detect that."""
    expected = connect(name).expected_values(ability)
    opened = connect(name)
    opened.fault(path, kind, count=0)
    started = time.monotonic()

    try:
        rows = list(comparable_values(READS[ability](opened)))
    except ExternalServiceError as error:
        rows, words = [], str(error)
    else:
        words = "no failure"

    assert time.monotonic() - started < PATIENCE_S
    assert words
    assert [fact for fact in rows if fact not in expected] == []
    assert kind in CAN_LOOK_COMPLETE or words != "no failure" or expected == []
    assert opened.supplier_orders == []
