"""Duplicate requests: repeat one order with one key, compare answers as JSON."""

import json
import threading
from types import SimpleNamespace

import pytest

from storefront.dev.chaos.nemesis.outages import Outage
from storefront.dev.chaos.workload import duplicate_requests
from storefront.dev.chaos.workload.duplicate_requests import RequestRepeater, ShopUnreachableError

PLACE = SimpleNamespace(ports=SimpleNamespace(web=1))


@pytest.fixture
def answers(monkeypatch):
    """Return the list of the shop's next answers; the last one is repeated."""
    given, lock = [], threading.Lock()

    def call(*_, **__):
        with lock:
            return given.pop(0) if len(given) > 1 else given[0]

    monkeypatch.setattr(duplicate_requests, "call", call)
    monkeypatch.setattr(duplicate_requests, "REPEATS", 6)
    monkeypatch.setattr(duplicate_requests, "PAUSE_S", 0)
    return given


def repeat_order(timeout_s=60.0):
    until = duplicate_requests.time.monotonic() + timeout_s
    return RequestRepeater(place=PLACE, goods=[])._all_at_once("a token", {}, until)


@pytest.mark.parametrize(("other", "count"), [('{"b": 2, "a": 1}', 1), ('{"a": 1, "b": 3}', 2)])
def test_answers_are_compared_as_json(answers, other, count):
    answers += [(201, '{"a": 1, "b": 2}'), (201, other)]

    assert len(set(repeat_order())) == count


def test_request_without_a_final_answer_is_repeated(answers):
    answers += [(0, ""), (503, "closed"), (429, "slowly"), (409, duplicate_requests.IN_PROGRESS)]
    answers += [(0, "")] * 4
    answers += [(201, "{}")]

    assert set(repeat_order()) == {(201, "{}")}


def test_shop_without_answers_raises(answers):
    answers += [(0, "")]

    with pytest.raises(ShopUnreachableError):
        repeat_order(timeout_s=-1.0)


def cart(answers, *options):
    """Mock the shop's answers; ``options`` has the delivery options of each product."""
    for number, offered in enumerate(options):
        answers += [(200, '<input name="listing" value="7">'), (201, f'{{"token": "{number}"}}')]
        answers += [(201, "{}"), (200, json.dumps({"options": offered}))]
    lights = [SimpleNamespace(slug="other"), SimpleNamespace(slug="lonely")]
    return RequestRepeater(place=PLACE, goods=lights)


def test_unshippable_product_is_skipped(answers):
    offered = [{"delivery": duplicate_requests.TIER, "total": "9.00"}]
    repeater = cart(answers, [], offered)

    token, wish = repeater._cart("a@example.org", duplicate_requests.time.monotonic() + 60)

    assert (token, wish["total"]) == ("1", "9.00")
    answers.clear()
    with pytest.raises(ShopUnreachableError, match="nothing can be shipped"):
        cart(answers, [])._cart("a@example.org", duplicate_requests.time.monotonic() - 1)


@pytest.mark.django_db
def test_outage_without_backlog_ends_at_once():
    outage = Outage()
    outage.look()
    assert outage.submitted_s is None  # no outage yet

    outage.begin()
    outage.end()
    outage.look()

    assert outage.waited == 0
    assert outage.submitted_s is not None
    assert "all submitted" in outage.words


def test_network_orders_until_it_is_refused(answers, monkeypatch):
    answers += [(0, ""), (201, "{}"), (503, ""), (201, "{}"), (409, "held"), (201, "{}")]
    repeater = RequestRepeater(place=PLACE, goods=[], address="203.0.113.7")
    monkeypatch.setattr(RequestRepeater, "_cart", lambda *_: ("/checkout/", {}))

    repeater._flood(14)

    assert repeater.unpaid_order_statuses == [201, 201, 409]
    assert repeater.errors == []
