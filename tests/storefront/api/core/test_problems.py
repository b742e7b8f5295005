from __future__ import annotations

import inspect
import logging

import pytest
from django.db import OperationalError
from rest_framework import exceptions

from orders.cancellation import cancellation
from orders.cart import carts
from orders.checkout import checkout
from orders.payments import updates
from orders.promotions import codes, redemptions
from orders.routing import stock_query
from storefront.api.core import exception_handler, problem_types
from storefront.api.core.docs import schema_in
from storefront.api.resources.products import CategoryList
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db
# Errors of the verbs that no caller of this API can meet. A caller agrees to no arrival date.
NOT_FOR_CALLERS = {
    updates.UnknownPaymentError,
    updates.TooEarlyError,
    checkout.ArrivalChangedError,
}
# Answered where the order is placed, for only there it is known what was written.
ANSWERED_THERE = {checkout.BadAddressError, checkout.DoubtfulAddressError}


def test_every_error_that_the_verbs_raise_has_its_place_in_the_table():
    raised = {
        error
        for module in (carts, checkout, codes, redemptions, cancellation, updates, stock_query)
        for _, error in inspect.getmembers(module, inspect.isclass)
        if issubclass(error, Exception) and error.__module__ == module.__name__
    }

    unknown = {error for error in raised if not set(error.__mro__) & set(exception_handler.TABLE)}
    assert unknown - NOT_FOR_CALLERS - ANSWERED_THERE == set()


def test_every_error_of_the_framework_has_its_place_in_the_table():
    raised = {
        error
        for _, error in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(error, exceptions.APIException)
    }
    # There is nobody to authenticate: carts and orders open with what one knows.
    nobody = {exceptions.AuthenticationFailed, exceptions.NotAuthenticated}

    assert raised - nobody - set(exception_handler.TABLE) == set()


def test_no_two_problems_share_a_name():
    slugs = [kind.slug for kind in problem_types.ALL]

    assert len(slugs) == len(set(slugs))


@pytest.mark.parametrize("kind", problem_types.ALL, ids=lambda kind: kind.slug)
def test_every_problem_says_what_it_is_and_what_to_do(kind, settings):
    answer = exception_handler.respond(kind, {})

    assert answer.status_code == kind.status >= 400
    assert answer.content_type == "application/problem+json"
    assert answer.data["type"] == f"{settings.PUBLIC_URL}/api/docs/#{kind.slug}"
    assert answer.data["title"]
    assert answer.data["detail"].endswith(".")
    assert ("Retry-After" in answer.headers) == (kind.retry_after_s is not None)


def test_every_problem_is_told_by_some_operation():
    told = str(schema_in("en"))

    untold = [kind for kind in problem_types.ALL if f"#{kind.slug}'" not in told]

    assert untold == [problem_types.WRONG_METHOD]  # it is told by what no operation stands for


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/api/", 404, "not-found"),
        ("GET", "/api/v1/nothing/", 404, "not-found"),
        ("GET", "/api/v1/listings", 404, "not-found"),
        ("POST", "/api/v2/carts/", 404, "not-found"),
        ("GET", "/api/v1/listings/%00/", 400, "unreadable-request"),
        ("GET", "/api/v1/orders/../../etc/passwd", 404, "not-found"),
        ("DELETE", "/api/v1/listings/", 405, "wrong-method"),
        ("OPTIONS", "/api/v1/carts/", 405, "wrong-method"),
        ("GET", "/api/v1/carts/", 405, "wrong-method"),
    ],
)
def test_what_does_not_exist_is_a_problem_too(api, method, path, status, kind):
    answer = api.send(method, path, b"")

    assert (answer.status_code, kind_of(answer)) == (status, kind)
    assert ("Allow" in answer.headers) or status != 405


def test_who_wants_no_json_is_told_so(api):
    answer = api.get("/api/v1/categories/", accept="text/html")

    assert (answer.status_code, kind_of(answer)) == (406, "not-acceptable")


def test_a_bug_is_logged_and_not_shown(api, monkeypatch, caplog):
    def stumble(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(CategoryList, "get", stumble)

    with caplog.at_level(logging.ERROR, logger="storefront.api.core.exception_handler"):
        answer = api.get("/api/v1/categories/")

    assert (answer.status_code, kind_of(answer)) == (500, "bug")
    assert b"secret" not in answer.content
    assert b"Traceback" not in answer.content
    assert "secret detail" in caplog.text


def test_a_database_that_is_away_is_no_bug(api, monkeypatch):
    def stumble(*_):
        raise OperationalError("connection refused at 10.0.0.1")

    monkeypatch.setattr(CategoryList, "get", stumble)

    answer = api.get("/api/v1/categories/")

    assert (answer.status_code, kind_of(answer)) == (503, "away")
    assert answer.headers["retry-after"] == "5"
    assert b"10.0.0.1" not in answer.content


def test_problems_speak_the_callers_language(api, listing):
    english = api.get("/api/v1/cart/", accept_language="en").json()
    azerbaijani = api.get("/api/v1/cart/", accept_language="az").json()

    assert english["type"] == azerbaijani["type"]
    assert english["title"] == "There is no such cart"
    assert azerbaijani["title"] == "Belə səbət yoxdur"
