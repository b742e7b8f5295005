"""Competitor price sources: fetch due lists over HTTP, hold implausible ones, record errors."""

from decimal import Decimal

import pytest
from werkzeug import Response

from catalog.competitors import matching, price_import, sources, tasks
from catalog.competitors.labels import review_reason
from catalog.models import (
    CompetitorPrice,
    CompetitorPriceChange,
    CompetitorPriceList,
    CompetitorSource,
)
from storefront.lib.security.encryption import encrypt
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


pytestmark = pytest.mark.django_db
MINUTES = HOUR / 60


def shops(variant, price):
    return HEAD + "".join(
        f"shop {number},{variant.sku},{price},EUR,\n" for number in range(matching.MIN_KNOWN_PRICES)
    )


def test_a_list_that_changes_everything_waits_for_staff(httpserver, variant):
    source = make_source(httpserver)
    tell(httpserver, shops(variant, 10))
    fetch(source)
    tell(httpserver, shops(variant, 1000), headers={"ETag": '"2"'})

    assert fetch(source, NOON + HOUR) is None
    assert fetch(source, NOON + 2 * HOUR) is None

    assert source.problem.startswith("20 of 20 known prices change")
    assert (source.failing_since, source.last_success_at) == (NOON + HOUR, NOON)
    waiting = CompetitorPriceList.objects.get(imported_at=None)
    assert (waiting, review_reason(waiting)) == (source.last_file, source.problem)
    assert "etag" not in source.validators
    assert set(CompetitorPrice.objects.values_list("amount", flat=True)) == {Decimal(10)}

    price_import.import_list(file=waiting, actor="ann", now=NOON + 2 * HOUR)
    assert fetch(source, NOON + 3 * HOUR).counts["confirmed"] == 20
    assert source.problem == ""


def test_the_same_content_is_stored_again_after_its_deletion(httpserver, known, variant):
    CompetitorPriceList.objects.update(content="")
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n")

    assert fetch(known, NOON + HOUR).counts["confirmed"] == 1

    assert CompetitorPriceList.objects.count() == 2
    assert known.last_file.content


@pytest.mark.parametrize(
    ("status", "interval_minutes", "due_in"), [(503, 1440, 30), (503, 10, 10), (404, 1440, 1440)]
)
def test_a_temporary_failure_is_retried_soon(httpserver, status, interval_minutes, due_in):
    source = make_source(httpserver, interval_minutes=interval_minutes)
    tell(httpserver, "away", status=status)

    fetch(source)

    assert source.due_at == NOON + due_in * MINUTES


@pytest.mark.parametrize("moment", ["Sun, 22 Nov 2026 99999999999:00:00 GMT", "yesterday", "0"])
def test_an_invalid_last_modified_is_ignored(httpserver, variant, moment):
    source = make_source(httpserver)
    tell(
        httpserver,
        f"{HEAD}a.example,{variant.sku},10,EUR,\n",
        headers={"Last-Modified": moment},
    )

    assert fetch(source) is not None

    assert CompetitorPrice.objects.get().as_of == NOON


def test_an_unexpected_error_is_recorded_and_raised(httpserver, known, variant, monkeypatch):
    def broken(**_words):
        raise ZeroDivisionError("swordfish")

    monkeypatch.setattr(price_import, "import_list", broken)
    with pytest.raises(ZeroDivisionError):
        fetch(known, NOON + HOUR)

    known.refresh_from_db()
    assert known.problem == "Unexpected error: ZeroDivisionError."
    assert known.failing_since == NOON + HOUR
    assert is_as_it_was(known)


@pytest.mark.parametrize(
    ("etag", "kept"), [('"1"', '"1"'), ('"\u00e9"', ""), ('"a\tb"', ""), (f'"{"x" * 200}"', "")]
)
def test_a_validator_that_cannot_be_sent_back_is_not_stored(httpserver, variant, etag, kept):
    source = make_source(httpserver)
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n", headers={"ETag": etag})

    fetch(source)

    assert source.validators["etag"] == kept
    assert fetch(source, NOON + HOUR) is not None


def test_our_secret_is_stored_in_no_list_and_no_rejection(httpserver, variant):
    secret = 'sword"fish-17'
    source = make_source(
        httpserver,
        list_format="json",
        header="X-Api-Key",
        secret_encrypted=encrypt({"value": secret}),
    )
    good = {"shop": "a.example", "sku": variant.sku, "price": 10, "currency": "EUR"}
    bad = good | {"price": secret}
    httpserver.expect_request(PATH).respond_with_json([good, bad, good | {"sku": secret}])

    assert fetch(source).counts["refused"] == 2

    file = CompetitorPriceList.objects.get()
    assert "fish-17" not in f"{file.content} {file.refused} {CompetitorSource.objects.values()}"
    assert [str(values).count("\u2026") for _, _, values in file.refused] == [1, 1]


# Polling over HTTP


def test_a_fetched_list_is_imported_like_any_other(httpserver, variant):
    source = make_source(httpserver)
    old, future = "2026-11-10T12:00:00Z", "2026-12-10T12:00:00Z"
    tell(
        httpserver,
        f"{HEAD}a.example,{variant.sku},10,EUR,2026-11-24T09:00:00Z\n"
        f"old.example,{variant.sku},1,EUR,{old}\n"
        f"soon.example,{variant.sku},1,EUR,{future}\n"
        "a.example,unknown,1,EUR,\n",
    )

    taken = fetch(source)

    assert dict(taken.counts) == {"changed": 1, "matched": 1, "refused": 3}
    price = CompetitorPrice.objects.get()
    assert (price.competitor, price.as_of) == ("a.example", NOON - 3 * HOUR)
    assert (price.source, price.reported_by) == ("watch", "source watch")
    refused = CompetitorPriceList.objects.get().refused
    assert [(line, code) for line, code, _ in refused] == [
        (3, "old"),
        (4, "future"),
        (5, "not_ours"),
    ]
    assert (source.last_success_at, source.problem, source.last_file.source_type) == (
        NOON,
        "",
        "fetched",
    )


def test_a_source_may_write_json(httpserver, variant):
    source = make_source(httpserver, list_format="json")
    row = {"shop": "a", "sku": variant.sku, "amount": 10.5, "currency": "EUR", "rank": [1]}
    httpserver.expect_request(PATH).respond_with_json({"prices": [row]})

    assert fetch(source).counts["changed"] == 1
    assert CompetitorPrice.objects.get().amount == Decimal("10.50")


def test_a_due_source_is_fetched_once(httpserver, variant):
    source = make_source(httpserver, interval_minutes=30)
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n")

    assert sources.due_sources(now=NOON - HOUR) == []
    assert sources.due_sources(now=NOON) == [source.pk]
    fetch(source)
    assert sources.due_sources(now=NOON) == []
    assert fetch(source) is None
    assert len(httpserver.log) == 1
    assert source.due_at == NOON + HOUR / 2
    assert fetch(source, NOON + HOUR / 2) is not None


def test_of_two_workers_one_fetches(httpserver, variant, monkeypatch):
    source = make_source(httpserver)
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n")
    real = CompetitorSource.objects.filter(pk=source.pk).first()
    found = type("Found", (), {"first": lambda _self: real})()
    filtered = CompetitorSource.objects.filter

    def seen_before(**asked):
        return found if "due_at__lte" in asked else filtered(**asked)

    monkeypatch.setattr(CompetitorSource.objects, "filter", seen_before)

    answers = [sources.fetch_source(source_id=source.pk, now=NOON) for _ in range(2)]

    assert [answer is None for answer in answers] == [False, True]
    assert len(httpserver.log) == 1


def test_a_disabled_source_is_not_fetched(httpserver):
    source = make_source(httpserver, is_enabled=False)

    assert sources.due_sources(now=NOON) == []
    assert fetch(source) is None
    assert httpserver.log == []


def test_an_unchanged_list_is_not_sent_again_and_confirms_nothing(httpserver, known):
    asked = []

    def answer(request):
        asked.append(request.headers.get("If-None-Match"))
        return Response(status=304)

    httpserver.clear()
    httpserver.expect_request(PATH).respond_with_handler(answer)

    assert fetch(known, NOON + HOUR) is None

    assert asked == ['"1"']
    assert (known.problem, known.last_success_at) == ("", NOON + HOUR)
    assert CompetitorPrice.objects.get().as_of == NOON
    # Validators may be wrong: after a day the full list is fetched.
    fetch(known, NOON + 25 * HOUR)
    assert asked == ['"1"', None]
    assert "reports no change" in known.problem


def test_the_same_content_confirms_prices_and_is_stored_once(httpserver, known, variant):
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n")

    taken = fetch(known, NOON + HOUR)

    assert dict(taken.counts) == {"confirmed": 1, "matched": 1}
    assert CompetitorPrice.objects.get().as_of == NOON + HOUR
    assert CompetitorPriceList.objects.count() == CompetitorPriceChange.objects.count() == 1


def test_lines_without_a_date_are_as_old_as_the_list(httpserver, variant):
    source = make_source(httpserver)
    rows = f"{HEAD}a.example,{variant.sku},10,EUR,\n"
    tell(httpserver, rows, headers={"Last-Modified": "Sun, 22 Nov 2026 12:00:00 GMT"})

    fetch(source)

    assert CompetitorPrice.objects.get().as_of == NOON - 48 * HOUR
    tell(httpserver, rows, headers={"Last-Modified": "Sun, 22 Nov 2026 12:00:00 GMT"})
    fetch(source, NOON + 6 * 24 * HOUR)
    assert source.problem.startswith("All rows were rejected. Row 2: The price of 2026-11-22")


def test_another_address_does_not_use_the_old_validators(httpserver, known, variant):
    CompetitorSource.objects.update(url=httpserver.url_for("/other"))
    httpserver.expect_request("/other").respond_with_data(f"{HEAD}a.example,{variant.sku},9,EUR,\n")

    fetch(known, NOON + HOUR)

    assert "If-None-Match" not in httpserver.log[-1][0].headers
    assert CompetitorPrice.objects.get().amount == Decimal(9)


def test_a_secret_is_sent_in_its_header_only(httpserver, variant, caplog):
    source = make_source(
        httpserver, header="X-Api-Key", secret_encrypted=encrypt({"value": "swordfish-17"})
    )
    heard = []

    def answer(request):
        heard.append(request.headers.get("X-Api-Key"))
        if len(heard) == 1:
            there = httpserver.url_for("/else").replace("localhost", "127.0.0.1")
            return Response(status=302, headers={"Location": there})
        return Response(f"{HEAD}a,{variant.sku},swordfish-17,EUR,\n")

    httpserver.expect_request(PATH).respond_with_handler(answer)
    httpserver.expect_request("/else").respond_with_handler(answer)
    CompetitorSource.objects.update(url=httpserver.url_for(PATH).replace("127.0.0.1", "localhost"))

    assert fetch(source) is None

    assert heard == ["swordfish-17", None]
    assert "is not a valid price" in source.problem
    assert "swordfish" not in source.problem + caplog.text


def test_a_secret_that_cannot_be_decrypted_is_a_readable_problem(httpserver, settings):
    source = make_source(httpserver, header="X-Api-Key", secret_encrypted="broken")

    assert fetch(source) is None

    assert "FIELD_KEYS" in source.problem
    assert httpserver.log == []


def test_beat_starts_due_sources(httpserver, variant, monkeypatch):
    started = []
    monkeypatch.setattr(tasks.fetch_source, "delay", lambda **known: started.append(known))
    source = make_source(httpserver)
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n")
    monkeypatch.setattr(tasks.timezone, "now", lambda: NOON)

    assert tasks.fetch_due_sources() == 1
    assert started == [{"source_id": source.pk}]
    assert tasks.fetch_source(**started[0]) == {"changed": 1, "matched": 1}
    assert tasks.fetch_due_sources() == 0
