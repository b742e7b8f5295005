import inspect
import logging
from unittest.mock import Mock

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
# Errors that no API request can cause; for example, no request states an arrival date.
NOT_FOR_CALLERS = {
    updates.UnknownPaymentError,
    updates.TooEarlyError,
    checkout.ArrivalChangedError,
}
# Handled by the checkout view, which knows the address.
HANDLED_IN_VIEW = {checkout.InvalidAddressError, checkout.UnconfirmedAddressError}


def test_every_shop_error_has_a_problem_type():
    raised = {
        error
        for module in (carts, checkout, codes, redemptions, cancellation, updates, stock_query)
        for _, error in inspect.getmembers(module, inspect.isclass)
        if issubclass(error, Exception) and error.__module__ == module.__name__
    }

    unknown = {
        error for error in raised if not set(error.__mro__) & set(exception_handler.PROBLEMS)
    }
    assert unknown - NOT_FOR_CALLERS - HANDLED_IN_VIEW == set()


def test_every_framework_error_has_a_problem_type():
    raised = {
        error
        for _, error in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(error, exceptions.APIException)
    }
    # There is no authentication: carts and orders open with a secret.
    unauthenticated = {exceptions.AuthenticationFailed, exceptions.NotAuthenticated}

    assert raised - unauthenticated - set(exception_handler.PROBLEMS) == set()


def test_every_problem_has_its_own_slug_title_and_detail(settings):
    for kind in problem_types.ALL:
        answer = exception_handler.respond(kind, {})

        assert answer.status_code == kind.status >= 400
        assert answer.content_type == "application/problem+json"
        assert answer.data["type"] == f"{settings.PUBLIC_URL}/api/docs/#{kind.slug}"
        assert answer.data["title"]
        assert answer.data["detail"].endswith(".")
        assert ("Retry-After" in answer.headers) == (kind.retry_after_s is not None)
    assert len({kind.slug for kind in problem_types.ALL}) == len(problem_types.ALL)


def test_every_problem_is_documented_by_an_operation():
    documented = str(schema_in("en"))

    undocumented = [kind for kind in problem_types.ALL if f"#{kind.slug}'" not in documented]

    assert undocumented == [
        problem_types.METHOD_NOT_ALLOWED,  # documented by no operation
    ]


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/api/", 404, "not-found"),
        ("GET", "/api/v1/nothing/", 404, "not-found"),
        ("GET", "/api/v1/listings", 404, "not-found"),
        ("POST", "/api/v2/carts/", 404, "not-found"),
        ("GET", "/api/v1/listings/%00/", 400, "unreadable-request"),
        ("GET", "/api/v1/orders/../../etc/passwd", 404, "not-found"),
        ("DELETE", "/api/v1/listings/", 405, "method-not-allowed"),
        ("OPTIONS", "/api/v1/carts/", 405, "method-not-allowed"),
        ("GET", "/api/v1/carts/", 405, "method-not-allowed"),
        ("GET", "/api/v1/categories/", 406, "not-acceptable"),
    ],
)
def test_unknown_path_is_a_problem(api, method, path, status, kind):
    headers = {"accept": "text/html"} if status == 406 else {}

    answer = api.send(method, path, b"", headers=headers)

    assert (answer.status_code, kind_of(answer)) == (status, kind)
    assert ("Allow" in answer.headers) or status != 405


def test_unexpected_error_is_logged_and_not_shown(api, monkeypatch, caplog):
    fail = Mock(side_effect=RuntimeError("secret detail"))
    monkeypatch.setattr(CategoryList, "get", fail)

    with caplog.at_level(logging.ERROR, logger="storefront.api.core.exception_handler"):
        answer = api.get("/api/v1/categories/")

    assert (answer.status_code, kind_of(answer)) == (500, "internal-error")
    assert b"secret" not in answer.content
    assert b"Traceback" not in answer.content
    assert "secret detail" in caplog.text


def test_database_failure_is_answered_503(api, monkeypatch):
    fail = Mock(side_effect=OperationalError("connection refused at 10.0.0.1"))
    monkeypatch.setattr(CategoryList, "get", fail)

    answer = api.get("/api/v1/categories/")

    assert (answer.status_code, kind_of(answer)) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"
    assert b"10.0.0.1" not in answer.content


def test_problems_are_translated(api, listing):
    english = api.get("/api/v1/cart/", accept_language="en").json()
    azerbaijani = api.get("/api/v1/cart/", accept_language="az").json()

    assert english["type"] == azerbaijani["type"]
    assert english["title"] == "This cart does not exist"
    assert azerbaijani["title"] == "Belə səbət yoxdur"
