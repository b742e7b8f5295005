"""Competitor prices by API: each row is validated; the checks are those of file imports."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from catalog.competitors import price_import
from catalog.listings import repricing
from catalog.models import CompetitorPrice, CompetitorPriceChange, CompetitorPriceList
from storefront.api.core import api_keys
from storefront.api.core.throttles import BatchThrottle
from storefront.api.models import ApiKey, Scope
from storefront.api.resources.competitor_prices import MAX_BYTES, MAX_ROWS
from tests.factories.api import make_api_key
from tests.factories.catalog import make_variant
from tests.factories.competitors import make_identifier
from tests.factories.priced_shop import drafted, open_and_reprice, prices, stock_shop
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import kind_of, pointers

pytestmark = pytest.mark.django_db
PATH = "/api/v1/competitor-prices/"
SEEN = "2026-11-24T11:00:00Z"


@pytest.fixture
def key():
    """A valid API key, in plain text."""
    return make_api_key(Scope.COMPETITOR_PRICES_WRITE, name="watcher")


@pytest.fixture
def post_prices(api, key):
    def call(*rows, once="k1", bearer=key, **headers):
        return api.post(
            PATH, {"prices": list(rows)}, key=once, authorization=f"Bearer {bearer}", **headers
        )

    return call


def row(sku="", **more):
    fields = {"competitor": "a.example", "price": "10.00", "currency": "EUR", "seen_at": SEEN}
    return fields | ({"sku": sku} if sku else {}) | more


def results(answer):
    return [each["result"] for each in answer.json()["rows"]]


def test_each_row_has_a_result_and_invalid_ones_affect_no_other(post_prices):
    by_sku, by_gtin, by_mpn = (make_variant() for _ in range(3))
    make_identifier(by_gtin)
    make_identifier(by_mpn, scheme="mpn", value="fara:h1")

    answer = post_prices(
        row(by_sku.sku),
        row(gtin="4006381333931", price="11"),
        row("unknown"),
        row(brand="Fara", mpn="H-1", confidence="0.70"),
        row(by_sku.sku, price="nothing"),
        5,
    )

    assert answer.status_code == 200
    body = answer.json()
    assert body["counts"] == {"changed": 3, "confirmed": 0, "older": 0, "refused": 3}
    names = ("result", "sku", "matched_by", "confidence")
    refused = ("refused", "", "", None)
    assert [tuple(each[name] for name in names) for each in body["rows"]] == [
        ("changed", by_sku.sku, "sku", "1.00"),
        ("changed", by_gtin.sku, "gtin", "0.95"),
        refused,
        ("changed", by_mpn.sku, "mpn", "0.70"),
        refused,
        refused,
    ]
    assert [each["pointer"] for each in body["rows"]] == [f"#/prices/{n}" for n in range(6)]
    assert [each["detail"] for each in body["rows"] if each["detail"]] == [
        "No matching product: SKU unknown.",
        "'nothing' is not a valid price. Use the format 1234.50.",
        "The row is not an object.",
    ]
    known = CompetitorPrice.objects.get(variant=by_sku)
    assert (known.source, known.reported_by) == ("watcher", "key watcher")
    kept = CompetitorPriceList.objects.get()
    assert (kept.source_type, kept.counts["refused"], len(kept.refused)) == ("api", 3, 3)


def test_known_prices_are_confirmed_and_older_ones_ignored(post_prices):
    variant = make_variant()
    post_prices(row(variant.sku), once="1")

    same = post_prices(row(variant.sku, seen_at="2026-11-24T11:30:00Z"), once="2")
    older = post_prices(row(variant.sku, price="8.00", seen_at="2026-11-23T11:00:00Z"), once="3")

    assert (results(same), results(older)) == (["confirmed"], ["older"])
    price = CompetitorPrice.objects.get()
    assert (price.amount, price.as_of) == (Decimal(10), NOON - timedelta(minutes=30))
    assert CompetitorPriceChange.objects.count() == 1


def test_batch_without_valid_rows_is_a_problem(post_prices):
    make_variant(sku="HL-1")

    for number, (more, reason) in enumerate(
        [
            ({"seen_at": "2026-11-26T11:00:00Z"}, "in the future"),
            ({"seen_at": "2026-11-17T11:00:00Z"}, "older than 7 days"),
            ({"seen_at": "1970-01-01T00:00:00Z"}, "older than 7 days"),
            ({"seen_at": "0001-01-01T00:00:00+14:00"}, "older than 7 days"),
            ({"seen_at": "9999-12-31T23:59:59-14:00"}, "in the future"),
            ({"seenat": SEEN}, "does not exist"),
            ({"sku": "\ud800"}, "not text"),
            ({"sku": "\x00"}, "product is missing"),
            ({"\x00": 1}, "does not exist"),
            ({"\ud800": 1}, "does not exist"),
            ({"price": 19.99}, "price must be text"),
        ]
    ):
        answer = post_prices({**row("HL-1"), **more}, once=f"k{number}")
        assert (answer.status_code, kind_of(answer)) == (422, "no-valid-row"), more
        assert pointers(answer) == ["#/prices/0"], more
        assert reason in answer.json()["errors"][0]["detail"]
        assert CompetitorPriceList.objects.latest("pk").refused[0][0] == 1
    assert not CompetitorPrice.objects.exists()


def test_number_out_of_range_affects_no_other_row(api, key):
    variant = make_variant()
    good, huge = (json.dumps(row(variant.sku, price=price)) for price in ("9.00", "huge"))
    body = f'{{"prices": [{huge}, {good}]}}'.replace('"huge"', "1e999").encode()
    headers = {"authorization": f"Bearer {key}", "idempotency-key": "k1"}

    answer = api.send("POST", PATH, body, headers=headers)

    assert results(answer) == ["refused", "changed"]


def test_same_key_imports_a_batch_once(post_prices, monkeypatch):
    variant = make_variant()
    first = post_prices(row(variant.sku))
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        again = post_prices(row(variant.sku))
        other = post_prices(row(variant.sku, price="9.00"))

    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, kind_of(other)) == (422, "idempotency-key-reused")
    assert CompetitorPriceList.objects.count() == 1


def test_interrupted_batch_is_completed_by_the_same_key(post_prices, monkeypatch):
    rows = [row(make_variant().sku) for _ in range(2)]
    real = price_import.import_list

    def fail_after_import(**words):
        real(**words)
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(price_import, "import_list", fail_after_import)
        broken = post_prices(*rows)
    finished = post_prices(*rows)

    assert (broken.status_code, finished.status_code) == (500, 200)
    assert results(finished) == ["confirmed"] * 2
    assert CompetitorPriceChange.objects.count() == 2


def test_valid_api_key_is_required(api, key):
    body = {"prices": [row(make_variant().sku)]}
    other = make_api_key(Scope.COMPETITOR_PRICES_WRITE, name="other")
    api_keys.revoke(key=ApiKey.objects.get(name="watcher"), actor="bob", now=NOON)
    wrong = ("", "Bearer", "Bearer  ", f"Basic {other}", f"Bearer {other}x", other)

    for header in (*wrong, f"Bearer {key}"):  # a revoked one
        answer = api.post(PATH, body, key="k1", **({"authorization": header} if header else {}))
        assert (answer.status_code, kind_of(answer)) == (401, "invalid-api-key"), header
        assert answer.headers["www-authenticate"] == "Bearer"
    assert not CompetitorPriceList.objects.exists()
    assert api.post(PATH, body, key="k1", authorization=f"Bearer {other}").status_code == 200


def test_key_records_last_use_and_is_not_stored(post_prices, key):
    used = []

    for number, passed in enumerate((timedelta(0), timedelta(seconds=30), timedelta(hours=2))):
        used.append(ApiKey.objects.get().last_used_at)
        with time_machine.travel(NOON + passed, tick=False):
            post_prices(row("x"), once=str(number))

    used.append(ApiKey.objects.get().last_used_at)
    assert used == [None, NOON, NOON, NOON + timedelta(hours=2)]
    assert key not in json.dumps(list(ApiKey.objects.values()), default=str)


def test_malformed_batch_is_refused(api, key):
    bearer = f"Bearer {key}"

    for number, (body, status, kind) in enumerate(
        [
            ({}, 400, "invalid-fields"),
            ({"prices": []}, 400, "invalid-fields"),
            ({"prices": {}}, 400, "invalid-fields"),
            ({"prices": "x"}, 400, "invalid-fields"),
            ({"prices": [{}], "more": 1}, 400, "invalid-fields"),
            ({"prices": [{}] * (MAX_ROWS + 1)}, 400, "invalid-fields"),
            ([], 400, "invalid-fields"),
            ({"prices": ["x" * MAX_BYTES]}, 413, "body-too-large"),
        ]
    ):
        answer = api.post(PATH, body, key=f"k{number}", authorization=bearer)
        assert (answer.status_code, kind_of(answer)) == (status, kind)
    keyless = api.post(PATH, {"prices": [row("x")]}, authorization=bearer)
    assert (keyless.status_code, kind_of(keyless)) == (400, "idempotency-key-required")
    assert not CompetitorPriceList.objects.exists()


def test_large_batch_takes_few_queries(post_prices, django_assert_max_num_queries):
    variants = [make_variant() for _ in range(20)]
    rows = [row(variants[n % 20].sku, competitor=f"shop {n // 20}") for n in range(400)]

    with django_assert_max_num_queries(60):
        answer = post_prices(*rows)

    assert answer.json()["counts"]["changed"] == 400 == CompetitorPrice.objects.count()


def test_throttled_key_waits_in_any_spelling_and_another_does_not(post_prices, key, monkeypatch):
    monkeypatch.setattr(BatchThrottle, "rate", "2/min")
    other = make_api_key(Scope.COMPETITOR_PRICES_WRITE, name="other")

    statuses = [
        post_prices(row("x"), once=str(n), bearer=f"{' ' * n}{key}").status_code for n in range(3)
    ]

    assert statuses == [422, 422, 429]
    assert post_prices(row("x"), bearer=other).status_code == 422


def test_batch_that_changes_most_prices_is_quarantined(post_prices):
    variant = make_variant()
    rows = [row(variant.sku, competitor=f"shop {n}") for n in range(20)]
    post_prices(*rows, once="1")

    answer = post_prices(*({**each, "price": "1000.00"} for each in rows), once="2")

    assert (answer.status_code, kind_of(answer)) == (422, "batch-quarantined")
    assert answer.json()["errors"][0]["detail"].startswith("20 of 20 known prices change")
    assert set(CompetitorPrice.objects.values_list("amount", flat=True)) == {Decimal(10)}
    file = CompetitorPriceList.objects.get(imported_at=None)
    assert file.problem == "doubtful"
    price_import.import_list(file=file, actor="ann", now=NOON)
    assert set(CompetitorPrice.objects.values_list("amount", flat=True)) == {Decimal(1000)}


def test_our_price_follows_within_the_guards(post_prices):
    cheap, dear = stock_shop("10.00", "10.00")
    book = drafted("0.30", floor_margin_rate=Decimal("0.20"))
    book.rules.update(undercut_rate=0)
    open_and_reprice(book)
    before = prices()

    post_prices(row(cheap.variant.sku, price="19.99"), row(dear.variant.sku, price="0.01"))
    repricing.reprice_queued(now=NOON)

    dear.refresh_from_db()
    assert before == [Decimal("21.99")] * 2
    assert prices()[0] == Decimal("19.99")
    assert dear.floor_amount <= dear.price_amount < Decimal("21.99")
