"""Reads of a connector: complete or failed, with any fault of its calls."""

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
    connectors_with,
    facts,
    faults_of,
    figures,
    pages,
    request,
    routes,
)

A = Capability
CAN_LOOK_COMPLETE = {"empty", "truncated", "huge"}


@pytest.mark.parametrize("name", connectors_with(A.CATALOG))
def test_catalog_returns_or_reports_every_sku_and_is_the_same_twice(on, name):
    opened = on(name)

    told = list(pages(opened.connector))
    again = list(pages(on(name).connector))

    taken = {
        variant.sku
        for page in told
        if isinstance(page, ProductDetail) and page.record
        for variant in page.record.variants
    }
    complained = {row.row for row in told if isinstance(row, ImportIssue)}
    for page in told:
        if isinstance(page, ProductDetail):
            complained |= {row.row for row in page.problems} | (
                set() if page.record else {page.external_id}
            )
    books = opened.subject.goods(opened.stage)
    lost = {
        sku for sku, external_id in books.items() if not {sku, external_id} & (taken | complained)
    }
    assert lost == set()
    assert len(taken) > len(books) / 2
    assert taken <= books.keys()
    first, second = (
        {page.external_id: page.digest for page in read if isinstance(page, ProductDetail)}
        for read in (told, again)
    )
    assert first == second


@pytest.mark.parametrize("name", connectors_with(A.STOCK_AND_PRICE))
def test_stock_and_costs_are_of_known_items(on, name):
    opened = on(name)

    stock, costs = figures(opened.connector, opened.good.external_id)

    levels = [row for row in stock if isinstance(row, StockReport)]
    prices = [row for row in costs if isinstance(row, PriceReport)]
    assert opened.good.sku in {row.sku for row in levels} & {row.sku for row in prices}
    assert [row for row in levels if not row.location] == []
    assert {len(row.country) for row in levels} == {2}
    assert {row.cost.currency for row in prices} == {opened.subject.currency}
    assert all(row.cost.amount > 0 for row in prices)


@pytest.mark.parametrize("name", connectors_with(A.FREIGHT))
def test_freight_is_quoted(on, name):
    quoted = routes(on(name))

    assert quoted
    assert all(isinstance(route, FreightOption) and route.name for route in quoted)
    assert all(route.price.amount >= 0 and route.min_days <= route.max_days for route in quoted)


@pytest.mark.parametrize("name", connectors_with(A.BALANCE))
def test_balance_is_money(on, name):
    assert on(name).connector.balance().amount > 0


@pytest.mark.parametrize("name", connectors_with(A.CHARGING))
def test_charge_has_our_number_and_the_suppliers(on, name):
    opened = on(name)
    wish = request(opened)
    placed = opened.connector.place(wish)

    told = {one.number: one for one in opened.connector.list_invoices(since=LONG_AGO)}

    charge = told[wish.number]
    assert (charge.supplier_reference, charge.subtotal) == (placed.supplier_reference, placed.cost)
    assert charge.freight == placed.freight
    later = charge.at + timedelta(days=1)
    assert list(opened.connector.list_invoices(since=later)) == []


@pytest.mark.parametrize(("name", "ability", "path", "kind"), faults_of(*READS))
def test_failed_read_raises_in_time_or_returns_true_rows(on, name, ability, path, kind):
    """Half a list can look complete: quarantine has to detect that."""
    truth = on(name).truth(ability)
    opened = on(name)
    opened.fault(path, kind, count=0)
    started = time.monotonic()

    try:
        told = list(facts(READS[ability](opened)))
    except ExternalServiceError as error:
        told, words = [], str(error)
    else:
        words = "no failure"

    assert time.monotonic() - started < PATIENCE_S
    assert words
    assert [fact for fact in told if fact not in truth] == []
    assert kind in CAN_LOOK_COMPLETE or words != "no failure" or truth == []
    assert opened.books == []
