"""Webhooks: signed, retried, and spoiled on demand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.storefront.dev.sandboxes.conftest import until


class Ear:
    """Hears what the sandbox says, and answers as told."""

    def __init__(self):
        self.heard, self.answers = [], []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ear.heard.append((body, self.headers["sign"]))
                self.send_response(ear.answers.pop(0) if ear.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks/cj/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def told(self):
        return [json.loads(body) for body, _ in self.heard]


@pytest.fixture
def ear():
    ear = Ear()
    yield ear
    ear.close()


@pytest.fixture
def sandbox(run, ear):
    return run(webhook_url=ear.url)


def is_genuine(body, sign):
    return sign == base64.b64encode(hmac.new(b"1000001", body, hashlib.sha256).digest()).decode()


def ship(sandbox):
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)
    sandbox.control("advance", {"orderNumber": "FL-1", "to": "SHIPPED"})


def test_each_step_is_told_and_signed(sandbox, ear):
    ship(sandbox)
    sandbox.control("advance", {"orderNumber": "FL-1", "to": "DELIVERED"})

    until(lambda: len(ear.heard) == 5)

    assert all(is_genuine(body, sign) for body, sign in ear.heard)
    assert [(m["type"], m["messageType"]) for m in ear.told] == [
        ("ORDER", "UPDATE"),
        ("ORDER", "UPDATE"),
        ("LOGISTIC", "UPDATE"),
        ("ORDER", "UPDATE"),
        ("LOGISTIC", "UPDATE"),
    ]
    assert len({message["messageId"] for message in ear.told}) == 5
    statuses = [m["params"]["orderStatus"] for m in ear.told if m["type"] == "ORDER"]
    assert statuses == ["UNSHIPPED", "SHIPPED", "DELIVERED"]
    parcel = ear.told[-1]["params"]
    assert parcel["trackingStatus"] == 12
    assert parcel["storeOrderNumbers"] == ["FL-1"]
    assert json.loads(parcel["logisticsTrackEvents"])[-1]["activity"] == "Delivered"
    assert parcel["trackingNumber"] == ear.told[1]["params"]["trackNumber"]


def test_a_message_that_nobody_thanks_for_is_sent_three_times(sandbox, ear):
    ear.answers = [503] * 3
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)

    (message,) = until(lambda: [m for m in sandbox.control("webhooks") if m["state"] == "failed"])

    assert message["tries"] == 3
    assert len(ear.heard) == 3
    assert len({body for body, _ in ear.heard}) == 1


def test_a_message_thanked_for_at_the_second_try_is_not_sent_again(sandbox, ear):
    ear.answers = [500]
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)

    (message,) = until(lambda: [m for m in sandbox.control("webhooks") if m["state"] == "sent"])

    assert message["tries"] == 2
    assert len(ear.heard) == 2


def test_a_duplicate_comes_three_times_word_for_word(sandbox, ear):
    sandbox.control("faults", {"path": "webhooks", "kind": "duplicate"})
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)

    until(lambda: len(ear.heard) == 3)

    assert len(set(ear.heard)) == 1


def test_a_forged_signature_is_forged(sandbox, ear):
    sandbox.control("faults", {"path": "webhooks", "kind": "bad_signature"})
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)

    until(lambda: ear.heard)

    assert not is_genuine(*ear.heard[0])


def test_a_late_message_comes_after_its_successor(sandbox, ear):
    sandbox.control("faults", {"path": "webhooks", "kind": "out_of_order", "delay": 2})
    ship(sandbox)

    until(lambda: len(ear.heard) == 3)

    assert [m["params"].get("orderStatus") for m in ear.told] == ["SHIPPED", None, "UNSHIPPED"]


def test_a_lost_message_can_be_replayed(sandbox, ear):
    sandbox.control("faults", {"path": "webhooks", "kind": "lost"})
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)
    assert sandbox.control("webhooks")[0]["state"] == "lost"

    sandbox.control("webhooks/replay", {})

    until(lambda: ear.heard)
    assert ear.told[0]["params"]["orderNumber"] == "FL-1"


def test_a_change_of_stock_is_told_by_variant(sandbox, ear):
    _, variant = sandbox.goods()
    sandbox.control("stock", {"vid": variant.vid, "warehouse": "CN", "quantity": 4})

    until(lambda: ear.heard)

    (message,) = ear.told
    assert message["type"] == "STOCK"
    assert message["params"][variant.vid][0]["storageNum"] == 4


def test_the_callback_is_whatever_was_set_last(sandbox, ear):
    off = {"type": "CANCEL", "callbackUrls": [ear.url]}
    on = {"type": "ENABLE", "callbackUrls": [ear.url + "orders/"]}
    wish = {"product": off, "stock": off, "order": on, "logistics": off}

    assert sandbox.post("webhook/set", wish)["data"] is True
    ship(sandbox)

    until(lambda: len(ear.heard) == 2)
    states = until(
        lambda: (
            [m["state"] for m in sandbox.control("webhooks")]
            if not any(m["state"] == "waiting" for m in sandbox.control("webhooks"))
            else None
        )
    )
    assert states == ["sent", "sent", "unwanted"]


@pytest.mark.parametrize("url", ["http://shop.example/", "ftp://127.0.0.1/", "nonsense", ""])
def test_no_callback_goes_over_an_open_line(sandbox, url):
    wish = {"type": "ENABLE", "callbackUrls": [url]}
    topics = dict.fromkeys(("product", "stock", "order", "logistics"), wish)

    assert sandbox.post("webhook/set", topics)["code"] == 1606001
