from __future__ import annotations

import pytest
from django.db import DatabaseError

from storefront.lib.http.errors import TemporaryError
from storefront.lib.http.observers import Call, OpenGate, Outcome
from suppliers.models import AnswerTally
from suppliers.resilience import timing
from suppliers.resilience.timing import TimedGate
from tests.factories.suppliers import make_supplier

pytestmark = pytest.mark.django_db

CALL = Call(method="GET", path="/products")


@pytest.fixture
def gate():
    return TimedGate(OpenGate(), supplier_id=make_supplier().pk)


def call(gate, milliseconds, status=200):
    error = None if status else TemporaryError("no answer")
    gate.enter(CALL)
    gate.leave(CALL, Outcome(status=status, milliseconds=milliseconds, error=error))


def counted():
    return dict(AnswerTally.objects.order_by("ceiling_ms").values_list("ceiling_ms", "count"))


def test_a_thousand_calls_are_a_few_rows(gate, django_assert_num_queries):
    for _ in range(250):
        for milliseconds in (10, 90, 95, 4_000):
            call(gate, milliseconds)

    with django_assert_num_queries(1):
        gate.keep()
        gate.keep()

    assert counted() == {25: 250, 100: 500, 6_400: 250}


def test_workers_add_to_one_count(gate):
    other = TimedGate(OpenGate(), supplier_id=make_supplier().pk)
    for each in (gate, other, other):
        call(each, 10)

    other.keep()
    gate.keep()

    assert counted() == {25: 3}


@pytest.mark.parametrize(("status", "ceiling"), [(None, 0), (503, 0), (404, 25), (200, 25)])
def test_what_is_no_answer_is_counted_as_none(gate, status, ceiling):
    call(gate, 10, status)
    gate.keep()

    assert counted() == {ceiling: 1}


def test_a_long_talk_is_written_down_on_the_way(gate, monkeypatch):
    monkeypatch.setattr(timing, "KEEP_EVERY_S", 0.0)

    call(gate, 10)

    assert counted() == {25: 1}


def test_a_count_that_cannot_be_kept_spoils_no_call(gate, monkeypatch, caplog):
    def broken():
        raise DatabaseError("away")

    call(gate, 10)
    monkeypatch.setattr(timing.connection, "cursor", broken)

    gate.keep()

    assert "are lost" in caplog.text
