"""The feed sandbox collects orders from its SFTP directory and writes its answers to files."""

import csv
from dataclasses import replace

import pytest

from storefront.lib.money import Money
from suppliers.connectors.feed import Feed
from suppliers.connectors.records import PurchaseOrderRequest, PurchaseOrderRequestLine
from tests.factories.connector_contexts import make_context
from tests.factories.orders import HOME
from tests.fakes.feed_sandbox import FeedProcess
from tests.fakes.sftp_server import sftp_server

NUMBER = "FL-261124-7K3QX-1"


@pytest.fixture
def feed_supplier(tmp_path, settings):
    settings.OUTSIDE_PORTS_ALLOWED = ["1-65535"]
    process = FeedProcess(folder=tmp_path / "supplier", words=("--pace", "3600")).start()
    yield process
    if process.process.poll() is None:
        process.stop()


def order(feed_supplier, *lines, number=NUMBER, **where):
    """Place an order as the shop does, through an SFTP server of the sandbox's directory."""
    request = PurchaseOrderRequest(
        number=number,
        ship_to=replace(HOME, **where),
        lines=tuple(
            PurchaseOrderRequestLine(sku=sku, quantity=count, reference=str(place))
            for place, (sku, count) in enumerate(lines, start=1)
        ),
        location="DE1",
        country_from="DE",
        carrier_service="DHL Paket",
        declared_value=Money.zero("EUR"),
    )
    with sftp_server(feed_supplier.folder) as server:
        options = {"orders_by": "sftp", "orders_to": "orders", "host_key": server.host_key}
        feed = Feed(make_context(server.url, options=options, secrets=server.secrets))
        feed.place(request)
        feed.close()


def answers(feed_supplier, number=NUMBER):
    with (feed_supplier.folder / "answers" / f"{number}.csv").open(newline="") as file:
        return [(row["sku"], row["answer"], row["reason"]) for row in csv.DictReader(file)]


def test_order_survives_a_restart_and_is_answered_later(feed_supplier):
    sku = feed_supplier.control("status")["skus"][0]
    order(feed_supplier, (sku, 2), ("UNKNOWN-1", 1))
    (taken,) = feed_supplier.control("orders")["orders"]
    assert (taken["number"], taken["answered_s"]) == (NUMBER, None)
    assert list((feed_supplier.folder / "orders").iterdir()) == []

    feed_supplier.stop()
    again = FeedProcess(folder=feed_supplier.folder, words=feed_supplier.words).start()
    again.control("clock", {"seconds": 3700})
    (answered,) = again.control("orders")["orders"]
    again.stop()

    assert [line["quantity"] for line in answered["lines"]] == [2, 1]
    assert answers(feed_supplier) == [
        (sku, "accepted", ""),
        ("UNKNOWN-1", "rejected", "unknown SKU"),
    ]


def test_invalid_address_rejects_every_line(feed_supplier):
    feed_supplier.control("pace", {"seconds": 0})
    sku = feed_supplier.control("status")["skus"][0]

    order(feed_supplier, (sku, 1), country="IT", region="")
    order(feed_supplier, (sku, 1), number="FL-2", line1="Long Street " * 7)
    assert len(feed_supplier.control("orders")["orders"]) == 2  # both files were collected
    (feed_supplier.folder / "orders" / "FL-3.csv").write_text("hello")
    (feed_supplier.folder / "orders" / f"{NUMBER}.csv").write_text("another")
    ledger = feed_supplier.control("orders")

    assert answers(feed_supplier) == [(sku, "rejected", "missing province")]
    assert answers(feed_supplier, "FL-2")[0][1:] == (
        "rejected", "an address line is over 70 characters",
    )  # fmt: skip
    assert len(ledger["orders"]) == 2
    assert {each["file"] for each in ledger["attempts"]} == {"FL-3.csv", f"{NUMBER}.csv"}
