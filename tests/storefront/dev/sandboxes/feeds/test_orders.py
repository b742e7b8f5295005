"""The wholesaler of files keeps the orders that lie on his server, and says what he ships."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from storefront.lib.money import Money
from suppliers.connectors.feed import Feed
from suppliers.connectors.records import PurchaseRequest, RequestLine
from tests.factories.connector_contexts import make_line
from tests.factories.orders import HOME
from tests.fakes.feed_sandbox import FeedProcess
from tests.fakes.sftp_server import sftp_server

NUMBER = "FL-261124-7K3QX-1"


@pytest.fixture
def wholesaler(tmp_path, settings):
    settings.OUTSIDE_PORTS_ALLOWED = ["1-65535"]
    process = FeedProcess(folder=tmp_path / "his", words=("--pace", "3600")).start()
    yield process
    if process.process.poll() is None:
        process.stop()


def order(wholesaler, *lines, number=NUMBER, **where):
    """Hand an order over as the shop does, on an SFTP server over his folder."""
    request = PurchaseRequest(
        number=number,
        ship_to=replace(HOME, **where),
        lines=tuple(
            RequestLine(sku=sku, quantity=count, reference=str(place))
            for place, (sku, count) in enumerate(lines, start=1)
        ),
        location="DE1",
        country_from="DE",
        carrier_service="DHL Paket",
        declared_value=Money.zero("EUR"),
    )
    with sftp_server(wholesaler.folder) as server:
        options = {"orders_by": "sftp", "orders_to": "orders", "host_key": server.host_key}
        feed = Feed(make_line(server.url, options=options, secrets=server.secrets))
        feed.place(request)
        feed.close()


def answers(wholesaler, number=NUMBER):
    with (wholesaler.folder / "answers" / f"{number}.csv").open(newline="") as file:
        return [(row["sku"], row["answer"], row["reason"]) for row in csv.DictReader(file)]


def test_an_order_outlives_a_restart_and_is_answered_when_its_time_has_passed(wholesaler):
    sku = wholesaler.control("status")["skus"][0]
    order(wholesaler, (sku, 2), ("NOBODY-1", 1))
    (taken,) = wholesaler.control("orders")["orders"]
    assert (taken["number"], taken["answered_s"]) == (NUMBER, None)
    assert list((wholesaler.folder / "orders").iterdir()) == []

    wholesaler.stop()
    again = FeedProcess(folder=wholesaler.folder, words=wholesaler.words).start()
    again.control("clock", {"seconds": 3700})
    (answered,) = again.control("orders")["orders"]
    again.stop()

    assert [line["quantity"] for line in answered["lines"]] == [2, 1]
    assert answers(wholesaler) == [
        (sku, "accepted", ""),
        ("NOBODY-1", "rejected", "unknown SKU"),
    ]


def test_an_address_that_no_label_takes_refuses_every_line(wholesaler):
    wholesaler.control("pace", {"seconds": 0})
    sku = wholesaler.control("status")["skus"][0]

    order(wholesaler, (sku, 1), country="IT", region="")
    order(wholesaler, (sku, 1), number="FL-2", line1="Long Street " * 7)
    assert len(wholesaler.control("orders")["orders"]) == 2  # he took them away
    (wholesaler.folder / "orders" / "FL-3.csv").write_text("hello")
    (wholesaler.folder / "orders" / f"{NUMBER}.csv").write_text("another")
    told = wholesaler.control("orders")

    assert answers(wholesaler) == [(sku, "rejected", "missing province")]
    assert answers(wholesaler, "FL-2")[0][1:] == (
        "rejected", "an address line is over 70 characters",
    )  # fmt: skip
    assert len(told["orders"]) == 2
    assert {each["file"] for each in told["attempts"]} == {"FL-3.csv", f"{NUMBER}.csv"}
