"""Error pages: answer missing, forbidden and failed requests with one sentence and a link."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from storefront.web.core.visit import ShopClosedError

log = logging.getLogger(__name__)


def error_page(request: HttpRequest, *, status: int, title: str, text: str) -> HttpResponse:
    """Render an error page with the categories.

    Handles a closed shop and a database failure itself: the middleware handles only errors that
    views raise.
    """
    try:
        return render(
            request, "web/layout/error_page.html", {"title": title, "text": text}, status=status
        )
    except (ShopClosedError, OperationalError) as error:
        return _closed(request, error)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        text = _("This form contains too much text. Go back, shorten it, and send it again.")
        return _bare_page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
    return _bare_page(request, HTTPStatus.BAD_REQUEST, _("We could not read this request."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return error_page(
        request,
        status=HTTPStatus.FORBIDDEN,
        title=_("This form came from another site."),
        text=_(
            "We only accept forms from our own pages. Go back, reload the page, and"
            " send the form again."
        ),
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.info("form refused at %s: %s", request.path, reason)
    return error_page(
        request,
        status=HTTPStatus.FORBIDDEN,
        title=_("This form has expired."),
        text=_(
            "Nothing was sent and nothing was paid. Go back, reload the page, and"
            " send the form again."
        ),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return error_page(
        request,
        status=HTTPStatus.NOT_FOUND,
        title=_("Page not found."),
        text=_(
            "This page does not exist, or the product is no longer sold. Search, or"
            " choose a category:"
        ),
    )


class ErrorPageMiddleware:
    """Replaces empty 405 responses and errors of a closed shop with a page that explains them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content:
            text = _("This page cannot be opened directly. Go back and use the form.")
            page = _bare_page(request, HTTPStatus.METHOD_NOT_ALLOWED, text)
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, ShopClosedError | OperationalError):
            return None
        return _closed(request, error)


def server_error(request: HttpRequest) -> HttpResponse:
    return _bare_page(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Something went wrong on our side. We have been notified. Try again in a minute."),
    )


def _closed(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("closed at %s: %s", request.path, error)
    text = _("The shop is unavailable for a moment. Nothing was lost. Try again in a minute.")
    response = _bare_page(request, HTTPStatus.SERVICE_UNAVAILABLE, text)
    response.headers["Retry-After"] = "60"
    return response


def _bare_page(request: HttpRequest, status: int, text: str) -> HttpResponse:
    """Render a page without the database, in case the database failed."""
    return render(request, "web/layout/bare.html", {"text": text}, status=status)
