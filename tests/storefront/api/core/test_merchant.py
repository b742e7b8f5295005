"""Merchant endpoints: each requires its scope, counts by key, and shows what the key may read."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import URLPattern, URLResolver, get_resolver

from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.throttles import ClientThrottle
from storefront.api.models import ApiKey, Scope
from storefront.api.onx.views import OnxEndpoint
from tests.factories.api import ADMIN, make_api_key, merchant_caller
from tests.factories.orders import make_paid_order
from tests.factories.suppliers import NOON, make_supplier
from tests.storefront.api.schema_client import Caller, kind_of

pytestmark = pytest.mark.django_db
SUPPLIERS = f"{ADMIN}suppliers/"
METHODS = ("get", "post", "put", "patch", "delete")


def _routes(patterns=None, above=""):
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        path = above + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "cls", None)
            if view is not None and path.startswith("api/"):
                yield "/" + re.sub(r"<\w+:\w+>", "1", path), view


def _operations():
    """Return method, path and scope of each operation of the merchant API.

    The scopes of onX are those of its tools (``tests/storefront/api/onx/test_tools.py``).
    """
    return [
        (method.upper(), path, getattr(getattr(view, method), "scope", None))
        for path, view in _routes()
        if (issubclass(view, MerchantEndpoint) and view is not OnxEndpoint)
        or path.startswith(ADMIN)
        for method in METHODS
        if hasattr(view, method)
    ]


@pytest.mark.parametrize(("method", "path", "scope"), _operations())
def test_key_with_all_other_scopes_cannot_use_an_operation(method, path, scope):
    others = [other for other in Scope.values if other != scope]
    caller = Caller({"/api/": make_api_key(*others)})

    answer = caller.call(method, path, body={} if method != "GET" else None, key="k1")

    assert scope in Scope.values
    assert (answer.status_code, kind_of(answer)) == (403, "missing-scope")
    assert answer.json()["scope"] == scope


def test_revoked_expired_and_unknown_keys_are_refused(api):
    expired = make_api_key(name="expired", expires_at=NOON + timedelta(minutes=1))
    revoked = make_api_key(name="revoked")
    ApiKey.objects.filter(name="revoked").update(revoked_at=NOON)
    before = api.get(SUPPLIERS, authorization=f"Bearer {expired}")

    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        answers = [
            api.get(SUPPLIERS, authorization=f"Bearer {key}") for key in (expired, revoked, "x")
        ]

    assert before.status_code == 200
    assert {(each.status_code, kind_of(each)) for each in answers} == {(401, "invalid-api-key")}
    assert api.get(SUPPLIERS).headers["www-authenticate"] == "Bearer"


def test_use_is_recorded_once_a_minute(merchant, django_assert_num_queries):
    merchant.get(SUPPLIERS)
    assert ApiKey.objects.get().last_used_at == NOON

    with (
        time_machine.travel(NOON + timedelta(seconds=59), tick=False),
        django_assert_num_queries(2),  # the key and the rows
    ):
        merchant.get(SUPPLIERS)
    with time_machine.travel(NOON + timedelta(seconds=61), tick=False):
        merchant.get(SUPPLIERS)

    assert ApiKey.objects.get().last_used_at == NOON + timedelta(seconds=61)


def test_requests_are_limited_by_key(merchant, monkeypatch):
    monkeypatch.setattr(ClientThrottle, "reads_per_window", 2)

    answers = [merchant.get(SUPPLIERS) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    remaining = [answer.headers["ratelimit-remaining"] for answer in answers]
    assert remaining == ["1", "0", "0"]
    assert answers[0].headers["ratelimit-limit"] == "2"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert merchant_caller(name="other").get(SUPPLIERS).status_code == 200


def test_page_continues_after_the_last_row_in_spite_of_inserts(merchant):
    made = [make_supplier(code=f"s{number}").pk for number in range(5)]

    first = merchant.get(SUPPLIERS, {"limit": "2", "status": "active"}).json()
    make_supplier(code="later")
    second = merchant.follow(first).json()
    third = merchant.follow(second).json()

    shown = [[row["id"] for row in page["results"]] for page in (first, second, third)]
    assert shown[0] + shown[1] == made[:4]
    assert shown[2][0] == made[4]
    assert third["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "x"},
        {"cursor": ""},
        {"limit": "0"},
        {"limit": "251"},
        {"limit": "x"},
        {"limit": "000000001999"},
        {"limit": "0" * 8 + "1" + "9" * 5000},
    ],
)
def test_invalid_cursor_or_limit_is_refused(merchant, query):
    answer = merchant.get(SUPPLIERS, query)

    assert (answer.status_code, kind_of(answer)) == (400, "invalid-parameters")
    assert answer.json()["errors"][0]["parameter"] in query


def test_cursor_of_another_list_or_filter_is_refused(merchant):
    supplier, *_others = [make_supplier(code=f"s{number}") for number in range(3)]
    cursor = merchant.get(SUPPLIERS, {"limit": "1"}).json()["next"].partition("cursor=")[2]

    filtered = merchant.client.get(
        f"{SUPPLIERS}?status=active&cursor={cursor}", headers=_bearer(merchant)
    )
    other = merchant.client.get(
        f"{SUPPLIERS}{supplier.pk}/runs/?cursor={cursor}", headers=_bearer(merchant)
    )
    changed = merchant.client.get(f"{SUPPLIERS}?cursor=A{cursor}", headers=_bearer(merchant))

    assert [each.status_code for each in (filtered, other, changed)] == [400, 400, 400]


def test_fields_select_members_and_unknown_names_are_refused(merchant):
    supplier = make_supplier(code="a")

    answer = merchant.get(f"{SUPPLIERS}{supplier.pk}/", {"fields": "code,status"})
    refused = merchant.get(SUPPLIERS, {"fields": "code,secrets"})

    assert answer.json() == {"id": supplier.pk, "code": "a", "status": "active"}
    assert "etag" not in answer.headers
    assert (refused.status_code, kind_of(refused)) == (400, "invalid-parameters")
    assert "secrets" in refused.json()["errors"][0]["detail"]


def test_misspelled_filter_is_refused(merchant):
    answer = merchant.get(SUPPLIERS, {"staus": "active", "limit": "1"})

    assert (answer.status_code, kind_of(answer)) == (400, "invalid-parameters")
    assert [error["parameter"] for error in answer.json()["errors"]] == ["staus"]


def test_a_write_ignores_fields_so_that_it_never_looks_refused(merchant):
    order = make_paid_order()
    path = f"{ADMIN}orders/{order.number}/hold/?fields=none&expand=none"

    answer = merchant.client.post(
        path,
        {"reason": "check"},
        content_type="application/json",
        headers={**_bearer(merchant), "idempotency-key": "k1"},
    )

    order.refresh_from_db()
    assert (answer.status_code, order.status) == (200, "on_hold")
    assert answer.json()["number"] == order.number


def test_unchanged_object_is_not_sent_again(merchant):
    supplier = make_supplier(code="a")
    path = f"{SUPPLIERS}{supplier.pk}/"
    etag = merchant.get(path).headers["etag"]

    unchanged = merchant.get(path, if_none_match=etag)
    supplier.name = "Another"
    supplier.save()
    changed = merchant.get(path, if_none_match=etag)

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == etag
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def _bearer(caller):
    return {"authorization": f"Bearer {caller.bearers[ADMIN]}"}
