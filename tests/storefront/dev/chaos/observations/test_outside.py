"""Outside view: read the orders and attempts of both API suppliers."""

from __future__ import annotations

import json

import pytest

from storefront.dev.chaos.observations import outside
from storefront.dev.sandboxes.bigbuy import state
from storefront.dev.sandboxes.bigbuy.orders import CANCELED, DELIVERED, PACKING, SHIPPED, TAKEN
from storefront.dev.sandboxes.core.ledger import Ledger

LINES = json.dumps([{"quantity": 2}, {"quantity": 1}])


@pytest.fixture
def bigbuy(tmp_path):
    Ledger(tmp_path / "sandbox").close()
    ledger = Ledger(tmp_path / "bigbuy", schema=state.SCHEMA, tables=state.TABLES)
    yield ledger
    ledger.close()


def take(ledger, number, *, status=TAKEN, at_s=0.0):
    empty = dict.fromkeys(("request", "carrier", "goods", "shipping"), "")
    ledger.insert(
        "orders",
        **empty,
        reference=number,
        part=1,
        status=status,
        warehouse=1,
        lines=LINES,
        created_s=at_s,
        moved_s=at_s,
    )


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (TAKEN, "is_open"),
        (PACKING, "is_open"),
        (SHIPPED, "has_left"),
        (DELIVERED, "has_arrived"),
        (CANCELED, "is_off"),
    ],
)
def test_bigbuy_statuses_are_mapped_to_those_of_cj(bigbuy, tmp_path, status, said):
    take(bigbuy, "FL-1-1", status=status)

    (told,) = outside.orders_told(tmp_path)

    assert (told.number, told.supplier, told.units) == ("FL-1-1", "bigbuy", 3)
    assert getattr(told, said)


def test_bigbuy_attempts_are_in_order(bigbuy, tmp_path):
    refused = {"reference": "FL-1-1", "code": "ER008", "fault": ""}
    bigbuy.insert("attempts", at_s=1.0, **refused)
    take(bigbuy, "FL-1-1", at_s=2.0)
    bigbuy.insert("attempts", at_s=3.0, **refused)

    assert [one.is_taken for one in outside.attempts(tmp_path)] == [False, True, False]
