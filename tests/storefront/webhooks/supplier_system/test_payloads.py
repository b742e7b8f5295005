"""Payloads of suppliers' systems: parsed whole, or refused with the wrong field."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from storefront.webhooks.supplier_system import payloads, samples
from tests.factories.suppliers import NOON

STOCK = {"type": "stock", "rows": [{"sku": "A", "quantity": 3}]}
PRICE = {"type": "price", "currency": "EUR", "rows": [{"sku": "A", "cost": "3.50"}]}
STATUS = {"type": "product_status", "rows": [{"sku": "A", "status": "active"}]}


def parse(payload):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return payloads.parse(body, received_at=NOON, currency="EUR")


def with_row(payload, **row):
    return payload | {"rows": [payload["rows"][0] | row]}


def test_each_sample_is_valid_and_matches_its_schema():
    for name, sample in samples.sample_payloads().items():
        assert parse(sample).type == name
        schema = json.loads(samples.schemas()[name])
        assert (
            sample.keys() <= schema["$defs"][payloads.PAYLOADS[name].__name__]["properties"].keys()
        )


def test_rows_become_records():
    assert parse(STOCK).records == [("A", 3, "")]
    assert parse(PRICE).records == [("A", Decimal("3.50"))]
    assert parse(STATUS).records == [("A", "active")]
    assert parse({"order": "FL-1-1"}).report.number == "FL-1-1"


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"type": "weather"}, "type"),
        ({"type": 1}, "type"),
        ({"type": "stock"}, "rows"),
        ({"type": "stock", "rows": []}, "rows"),
        ({"type": "stock", "rows": STOCK["rows"] * 1001}, "rows"),
        (with_row(STOCK, quantity=-1), "rows[0].quantity"),
        (with_row(STOCK, quantity=2.5), "rows[0].quantity"),
        (with_row(STOCK, quantity=10**7), "rows[0].quantity"),
        (with_row(STOCK, sku=""), "rows[0].sku"),
        (with_row(STOCK, sku="a\x00b"), "rows[0].sku"),
        ({"type": "stock", "rows": [{"sku": "A"}]}, "rows[0].quantity"),
        (STOCK | {"rows": STOCK["rows"] * 2}, "rows[1].sku"),
        (STOCK | {"as_of": "yesterday"}, "as_of"),
        (STOCK | {"as_of": "2026-11-24T12:00:00"}, "as_of"),
        (STOCK | {"as_of": (NOON + timedelta(minutes=6)).isoformat()}, "as_of"),
        (with_row(PRICE, cost="0"), "rows[0].cost"),
        (with_row(PRICE, cost="0.00"), "rows[0].cost"),
        (with_row(PRICE, cost="-1"), "rows[0].cost"),
        (with_row(PRICE, cost=3.5), "rows[0].cost"),
        (PRICE | {"currency": "USD"}, "currency"),
        (with_row(STATUS, status="sold"), "rows[0].status"),
        ({"type": "tracking"}, "order"),
        (b"not json", ""),
        (b"[" * 60_000, ""),
        (b"\xff\xfe", ""),
    ],
)
def test_a_wrong_payload_names_the_field(payload, field):
    with pytest.raises(payloads.InvalidPayloadError) as caught:
        parse(payload)

    assert caught.value.field == field
    assert caught.value.reason


def test_the_time_of_the_supplier_applies_but_never_lies_in_the_future():
    for as_of, expected in (
        (None, NOON),
        (NOON - timedelta(hours=3), NOON - timedelta(hours=3)),
        (NOON + timedelta(minutes=4), NOON),
    ):
        payload = parse(STOCK | ({"as_of": as_of.isoformat()} if as_of else {}))
        assert payloads.effective_as_of(payload, NOON) == expected
