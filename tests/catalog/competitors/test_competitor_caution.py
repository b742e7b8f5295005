"""What a source says is not believed blindly, and what goes wrong is noted, whatever it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.competitors import doubting, price_import
from catalog.competitors.labels import problem
from catalog.models import CompetitorFile, CompetitorPrice, CompetitorSource
from storefront.lib.security.encryption import seal
from tests.factories.catalog import NOON
from tests.fakes.competitor_price_server import (
    HEAD,
    HOUR,
    PATH,
    fetch,
    is_as_it_was,
    known,
    make_source,
    tell,
    variant,
)

__all__ = ["known", "variant"]

pytestmark = pytest.mark.django_db(transaction=True)
MINUTES = HOUR / 60


def shops(variant, price):
    return HEAD + "".join(
        f"shop {number},{variant.sku},{price},EUR,\n" for number in range(doubting.LEAST_KNOWN)
    )


def test_a_list_that_moves_everything_waits_for_a_person(httpserver, variant):
    source = make_source(httpserver)
    tell(httpserver, shops(variant, 10))
    fetch(source)
    tell(httpserver, shops(variant, 1000), headers={"ETag": '"2"'})

    assert fetch(source, NOON + HOUR) is None
    assert fetch(source, NOON + 2 * HOUR) is None

    assert source.problem.startswith("20 of 20 prices that we know move")
    assert (source.failing_since, source.heard_at) == (NOON + HOUR, NOON)
    waiting = CompetitorFile.objects.get(taken_at=None)
    assert (waiting, problem(waiting)) == (source.last_file, source.problem)
    assert "etag" not in source.remembered
    assert set(CompetitorPrice.objects.values_list("amount", flat=True)) == {Decimal(10)}

    price_import.take_in(file=waiting, actor="ann", now=NOON + 2 * HOUR)
    assert fetch(source, NOON + 3 * HOUR).counts["confirmed"] == 20
    assert source.problem == ""


def test_the_same_words_are_kept_anew_when_they_were_let_go(httpserver, known, variant):
    CompetitorFile.objects.update(content="")
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n")

    assert fetch(known, NOON + HOUR).counts["confirmed"] == 1

    assert CompetitorFile.objects.count() == 2
    assert known.last_file.content


@pytest.mark.parametrize(
    ("status", "every_min", "due_in"), [(503, 1440, 30), (503, 10, 10), (404, 1440, 1440)]
)
def test_who_is_away_for_a_moment_is_asked_again_soon(httpserver, status, every_min, due_in):
    source = make_source(httpserver, every_min=every_min)
    tell(httpserver, "away", status=status)

    fetch(source)

    assert source.due_at == NOON + due_in * MINUTES


@pytest.mark.parametrize("moment", ["Sun, 22 Nov 2026 99999999999:00:00 GMT", "yesterday", "0"])
def test_an_odd_date_of_a_list_is_none(httpserver, variant, moment):
    source = make_source(httpserver)
    tell(
        httpserver,
        f"{HEAD}a.example,{variant.sku},10,EUR,\n",
        headers={"Last-Modified": moment},
    )

    assert fetch(source) is not None

    assert CompetitorPrice.objects.get().as_of == NOON


def test_what_nobody_expected_is_noted_and_raised(httpserver, known, variant, monkeypatch):
    def broken(**_words):
        raise ZeroDivisionError("swordfish")

    monkeypatch.setattr(price_import, "take_in", broken)
    with pytest.raises(ZeroDivisionError):
        fetch(known, NOON + HOUR)

    known.refresh_from_db()
    assert known.problem == "A mistake of ours that nobody expected: ZeroDivisionError."
    assert known.failing_since == NOON + HOUR
    assert is_as_it_was(known)


@pytest.mark.parametrize(
    ("etag", "kept"), [('"1"', '"1"'), ('"\u00e9"', ""), ('"a\tb"', ""), (f'"{"x" * 200}"', "")]
)
def test_a_mark_that_cannot_be_sent_back_is_not_kept(httpserver, variant, etag, kept):
    source = make_source(httpserver)
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n", headers={"ETag": etag})

    fetch(source)

    assert source.remembered["etag"] == kept
    assert fetch(source, NOON + HOUR) is not None


def test_our_secret_is_kept_in_no_list_and_in_no_refusal(httpserver, variant):
    secret = 'sword"fish-17'
    source = make_source(
        httpserver, dialect="json", header="X-Api-Key", secret_sealed=seal({"value": secret})
    )
    good = {"shop": "a.example", "sku": variant.sku, "price": 10, "currency": "EUR"}
    bad = good | {"price": secret}
    httpserver.expect_request(PATH).respond_with_json([good, bad, good | {"sku": secret}])

    assert fetch(source).counts["refused"] == 2

    file = CompetitorFile.objects.get()
    assert "fish-17" not in f"{file.content} {file.refused} {CompetitorSource.objects.values()}"
    assert [str(values).count("\u2026") for _, _, values in file.refused] == [1, 1]
