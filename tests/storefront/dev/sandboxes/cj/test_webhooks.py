"""Webhooks of the CJ sandbox: signature, retries and faults."""

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.waiting import eventually


class WebhookReceiver:
    """Record the sandbox's webhooks; respond with the configured status codes."""

    def __init__(self):
        self.received, self.answers = [], []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((body, self.headers["sign"]))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
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
    def messages(self):
        return [json.loads(body) for body, _ in self.received]


@pytest.fixture
def receiver():
    receiver = WebhookReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def sandbox(run, receiver):
    return run(webhook_url=receiver.url)


def is_signed(body, sign):
    return sign == base64.b64encode(hmac.new(b"1000001", body, hashlib.sha256).digest()).decode()


def ship(sandbox):
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)
    sandbox.control("advance", {"orderNumber": "FL-1", "to": "SHIPPED"})


def test_each_status_change_sends_a_signed_webhook(sandbox, receiver):
    ship(sandbox)
    sandbox.control("advance", {"orderNumber": "FL-1", "to": "DELIVERED"})

    eventually(lambda: len(receiver.received) == 5)

    assert all(is_signed(body, sign) for body, sign in receiver.received)
    assert [(m["type"], m["messageType"]) for m in receiver.messages] == [
        ("ORDER", "UPDATE"),
        ("ORDER", "UPDATE"),
        ("LOGISTIC", "UPDATE"),
        ("ORDER", "UPDATE"),
        ("LOGISTIC", "UPDATE"),
    ]
    assert len({message["messageId"] for message in receiver.messages}) == 5
    statuses = [m["params"]["orderStatus"] for m in receiver.messages if m["type"] == "ORDER"]
    assert statuses == ["UNSHIPPED", "SHIPPED", "DELIVERED"]
    parcel = receiver.messages[-1]["params"]
    assert parcel["trackingStatus"] == 12
    assert parcel["storeOrderNumbers"] == ["FL-1"]
    assert json.loads(parcel["logisticsTrackEvents"])[-1]["activity"] == "Delivered"
    assert parcel["trackingNumber"] == receiver.messages[1]["params"]["trackNumber"]


@pytest.mark.parametrize(
    ("answers", "end", "tries"), [([503] * 3, "failed", 3), ([500], "sent", 2)]
)
def test_webhook_is_sent_again_until_it_is_acknowledged(sandbox, receiver, answers, end, tries):
    receiver.answers = list(answers)
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)

    (message,) = eventually(lambda: [m for m in sandbox.control("webhooks") if m["state"] == end])

    assert message["tries"] == tries
    assert len(receiver.received) == tries
    assert len({body for body, _ in receiver.received}) == 1


@pytest.mark.parametrize(("kind", "copies"), [("duplicate", 3), ("bad_signature", 1), ("lost", 0)])
def test_a_fault_duplicates_or_loses_a_webhook_or_its_signature(sandbox, receiver, kind, copies):
    sandbox.control("faults", {"path": "webhooks", "kind": kind})
    _, variant = sandbox.goods()
    sandbox.place("FL-1", variant)
    sandbox.place("FL-2", variant)

    eventually(lambda: len(receiver.received) == copies + 1)

    numbers = [message["params"]["orderNumber"] for message in receiver.messages]
    assert numbers == ["FL-1"] * copies + ["FL-2"]
    signed = [is_signed(body, sign) for body, sign in receiver.received]
    assert signed == [kind != "bad_signature"] * copies + [True]


def test_out_of_order_fault_sends_the_webhook_later(sandbox, receiver):
    sandbox.control("faults", {"path": "webhooks", "kind": "out_of_order", "delay": 2})
    ship(sandbox)

    eventually(lambda: len(receiver.received) == 3)

    assert [m["params"].get("orderStatus") for m in receiver.messages] == [
        "SHIPPED",
        None,
        "UNSHIPPED",
    ]


def test_stock_change_sends_a_webhook_for_the_variant(sandbox, receiver):
    _, variant = sandbox.goods()
    sandbox.control("stock", {"vid": variant.vid, "warehouse": "CN", "quantity": 4})

    eventually(lambda: receiver.received)

    (message,) = receiver.messages
    assert message["type"] == "STOCK"
    assert message["params"][variant.vid][0]["storageNum"] == 4


def test_last_callback_url_is_used(sandbox, receiver):
    off = {"type": "CANCEL", "callbackUrls": [receiver.url]}
    on = {"type": "ENABLE", "callbackUrls": [receiver.url + "orders/"]}
    settings = {"product": off, "stock": off, "order": on, "logistics": off}

    assert sandbox.post("webhook/set", settings)["data"] is True
    ship(sandbox)

    eventually(lambda: len(receiver.received) == 2)
    eventually(lambda: sandbox.control("webhooks")[-1]["state"] != "waiting")
    states = [m["state"] for m in sandbox.control("webhooks")]
    assert states == ["sent", "sent", "unwanted"]


@pytest.mark.parametrize("url", ["http://shop.example/", "ftp://127.0.0.1/", "nonsense", ""])
def test_callbacks_must_use_https(sandbox, url):
    settings = {"type": "ENABLE", "callbackUrls": [url]}
    topics = dict.fromkeys(("product", "stock", "order", "logistics"), settings)

    assert sandbox.post("webhook/set", topics)["code"] == 1606001
