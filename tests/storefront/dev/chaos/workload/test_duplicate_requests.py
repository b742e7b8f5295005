"""One button is pressed by many at once: what they hear is compared as programs read it."""

from __future__ import annotations

import json
import threading
from types import SimpleNamespace

import pytest

from storefront.dev.chaos.nemesis.outages import Outage
from storefront.dev.chaos.workload import duplicate_requests
from storefront.dev.chaos.workload.duplicate_requests import NobodyThereError, Presser

PLACE = SimpleNamespace(ports=SimpleNamespace(web=1))


@pytest.fixture
def answers(monkeypatch):
    """Let the shop answer what stands here, in turn; the last one again and again."""
    given, lock = [], threading.Lock()

    def call(*_, **__):
        with lock:
            return given.pop(0) if len(given) > 1 else given[0]

    monkeypatch.setattr(duplicate_requests, "call", call)
    monkeypatch.setattr(duplicate_requests, "TIMES", 6)
    monkeypatch.setattr(duplicate_requests, "PAUSE_S", 0)
    return given


def press(patience_s=60.0):
    until = duplicate_requests.time.monotonic() + patience_s
    return Presser(place=PLACE, goods=[])._all_at_once("a token", {}, until)


def test_the_same_in_another_order_is_the_same_answer(answers):
    answers += [(201, '{"a": 1, "b": 2}'), (201, '{"b": 2, "a": 1}')]

    assert set(press()) == {(201, '{"a": 1, "b": 2}')}


def test_other_words_are_another_answer(answers):
    answers += [(201, '{"a": 1}'), (201, '{"a": 2}')]

    assert len(set(press())) == 2


def test_who_is_not_answered_yet_presses_again(answers):
    answers += [(0, ""), (503, "closed"), (429, "slowly"), (409, duplicate_requests.IN_WORK)]
    answers += [(0, "")] * 4
    answers += [(201, "{}")]

    assert set(press()) == {(201, "{}")}


def test_a_shop_that_never_answers_is_told(answers):
    answers += [(0, "")]

    with pytest.raises(NobodyThereError):
        press(patience_s=-1.0)


def cart(answers, *options):
    """Ask for two lights in turn, of which each is offered what stands here."""
    for number, offered in enumerate(options):
        answers += [(200, '<input name="listing" value="7">'), (201, f'{{"token": "{number}"}}')]
        answers += [(201, "{}"), (200, json.dumps({"options": offered}))]
    lights = [SimpleNamespace(slug="other"), SimpleNamespace(slug="lonely")]
    return Presser(place=PLACE, goods=lights)


def test_what_cannot_be_sent_now_is_not_pressed_for(answers):
    offered = [{"delivery": duplicate_requests.TIER, "total": "9.00"}]
    presser = cart(answers, [], offered)

    token, wish = presser._cart("a@example.org", duplicate_requests.time.monotonic() + 60)

    assert (token, wish["total"]) == ("1", "9.00")


def test_a_shop_that_can_send_nothing_is_told(answers):
    presser = cart(answers, [])

    with pytest.raises(NobodyThereError, match="nothing can be sent"):
        presser._cart("a@example.org", duplicate_requests.time.monotonic() - 1)


@pytest.mark.django_db
def test_an_outage_in_which_nothing_piled_up_is_over_at_once():
    outage = Outage()
    outage.look()
    assert outage.told_s is None  # he was never away

    outage.begin()
    outage.end()
    outage.look()

    assert outage.waited == 0
    assert outage.told_s is not None
    assert "all told" in outage.words


def test_a_network_orders_and_pays_nothing_until_it_is_refused(answers, monkeypatch):
    answers += [(0, ""), (201, "{}"), (503, ""), (201, "{}"), (409, "held"), (201, "{}")]
    presser = Presser(place=PLACE, goods=[], address="203.0.113.7")
    monkeypatch.setattr(Presser, "_cart", lambda *_: ("/checkout/", {}))

    presser._grab(14)

    assert presser.grabbed == [201, 201, 409]
    assert presser.errors == []
