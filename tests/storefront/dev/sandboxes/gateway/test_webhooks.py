from __future__ import annotations

import json
import threading
from itertools import pairwise

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug import Response

from storefront.dev.sandboxes.gateway.adapter import read_news
from tests.fakes.payment_gateway import SECRET, eventually
from tests.storefront.dev.sandboxes.gateway.test_adapter import euros, opened


class Inbox:
    """Where the shop would hear news: keeps what came, and answers what it is told to."""

    def __init__(self):
        self.lock = threading.Lock()
        self.calls = []
        self.answers = []

    def take(self, request):
        with self.lock:
            self.calls.append((dict(request.headers), request.get_data()))
            return Response(status=self.answers.pop(0) if self.answers else 200)

    def kinds(self):
        return [json.loads(body)["data"]["kind"] for _, body in self.calls]

    def ids(self):
        return [headers["Webhook-Id"] for headers, _ in self.calls]


@pytest.fixture
def inbox(httpserver, test_gateway):
    inbox = Inbox()
    httpserver.expect_request("/hooks/test-gateway/", method="POST").respond_with_handler(
        inbox.take
    )
    test_gateway.webhooks("normal", url=httpserver.url_for("/hooks/test-gateway/"))
    yield inbox
    test_gateway.webhooks("normal", url="")


def pay_and_capture(gateway, test_gateway):
    payment = opened(gateway)
    test_gateway.pay(payment.pay_url)
    gateway.capture(reference=payment.reference, amount=euros("10"), key="capture:1")
    return payment.reference


def test_news_is_signed_and_equal_to_the_history(gateway, test_gateway, inbox):
    reference = pay_and_capture(gateway, test_gateway)
    eventually(lambda: len(inbox.calls) == 2)

    for headers, body in inbox.calls:
        Webhook(SECRET).verify(body, headers)
    told = tuple(update for _, body in inbox.calls for update in read_news(body))

    assert told == gateway.history(reference=reference)
    assert inbox.ids() == [update.external_id for update in told]


def test_altered_news_has_no_good_signature(gateway, test_gateway, inbox):
    pay_and_capture(gateway, test_gateway)
    eventually(lambda: inbox.calls)
    headers, body = inbox.calls[0]

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"6499", b"9999"), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, headers | {"Webhook-Id": "evt_other"})
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, headers | {"Webhook-Timestamp": "1700000000"})


def test_news_is_told_again_under_its_id_until_the_shop_thanks(gateway, test_gateway, inbox):
    inbox.answers = [500, 302]

    test_gateway.pay(opened(gateway).pay_url)
    eventually(lambda: len(inbox.calls) == 3)

    assert len(set(inbox.ids())) == 1
    assert len({body for _, body in inbox.calls}) == 1
    eventually(lambda: test_gateway.deliveries()[0]["done_at"])
    assert test_gateway.deliveries()[0]["attempts"] == 3


def test_lost_news_is_in_the_history_and_can_be_replayed(gateway, test_gateway, inbox):
    test_gateway.webhooks("lost")
    reference = pay_and_capture(gateway, test_gateway)
    test_gateway.webhooks("normal")
    gateway.release(reference=reference, amount=euros("1"), key="release:1")
    eventually(lambda: inbox.calls)
    heard_by_itself = inbox.kinds()

    test_gateway.control("replay", {"payment": reference})
    eventually(lambda: len(inbox.calls) == 4)

    assert heard_by_itself == ["released"]
    assert len(gateway.history(reference=reference)) == 3
    assert inbox.kinds()[1:] == ["authorized", "captured", "released"]


def test_duplicated_news_has_one_id(gateway, test_gateway, inbox):
    test_gateway.webhooks("duplicate")

    test_gateway.pay(opened(gateway).pay_url)
    eventually(lambda: len(inbox.calls) == 3)

    assert len(set(inbox.ids())) == 1


def test_news_out_of_order_comes_newest_first(gateway, test_gateway, inbox):
    test_gateway.webhooks("out_of_order")
    reference = pay_and_capture(gateway, test_gateway)
    gateway.release(reference=reference, amount=euros("54.99"), key="release:1")

    eventually(lambda: len(inbox.calls) == 3)

    assert inbox.kinds() == ["released", "captured", "authorized"]


def test_delayed_news_comes_later(gateway, test_gateway, inbox):
    test_gateway.webhooks("delayed", delay_s=0.5)
    payment = opened(gateway)

    test_gateway.pay(payment.pay_url)
    told_by_then = len(inbox.calls)
    (known,) = gateway.history(reference=payment.reference)
    eventually(lambda: inbox.calls)

    assert told_by_then == 0
    assert inbox.ids() == [known.external_id]


def test_badly_signed_news_is_told_again_well_signed_when_the_bad_day_ends(
    gateway, test_gateway, inbox
):
    inbox.answers = [401]
    test_gateway.webhooks("bad_signature")
    test_gateway.pay(opened(gateway).pay_url)
    eventually(lambda: inbox.calls)
    test_gateway.webhooks("normal")
    eventually(lambda: len(inbox.calls) == 2)
    (bad_headers, body), (good_headers, same_body) = inbox.calls

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, bad_headers)
    Webhook(SECRET).verify(same_body, good_headers)
    assert body == same_body


def test_each_attempt_is_dated_anew(gateway, test_gateway, inbox):
    inbox.answers = [503, 503]

    test_gateway.pay(opened(gateway).pay_url)
    eventually(lambda: len(inbox.calls) == 3)

    moments = [int(headers["Webhook-Timestamp"]) for headers, _ in inbox.calls]
    assert all(earlier <= later for earlier, later in pairwise(moments))
    assert moments[0] < moments[-1]
