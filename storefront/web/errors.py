"""When something is not there, not allowed or broken: a dim scene, one lit sentence, a way on."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)


def say(request: HttpRequest, *, status: int, title: str, words: str) -> HttpResponse:
    return render(request, "web/scene.html", {"title": title, "words": words}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return _bare(request, HTTPStatus.BAD_REQUEST, _("We could not read this request."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return say(
        request,
        status=HTTPStatus.FORBIDDEN,
        title=_("That came from elsewhere."),
        words=_(
            "We only take forms from our own pages. Go back, reload the page, and send it again."
        ),
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.info("form refused at %s: %s", request.path, reason)
    return say(
        request,
        status=HTTPStatus.FORBIDDEN,
        title=_("This form is too old."),
        words=_(
            "Nothing was sent and nothing was paid. Go back, reload the page, and send it again."
        ),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    del exception
    return say(
        request,
        status=HTTPStatus.NOT_FOUND,
        title=_("No light here."),
        words=_(
            "This page does not exist, or its light is no longer sold. Search, or take a shelf:"
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return _bare(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Our own light went out. We know about it; try again in a minute."),
    )


def _bare(request: HttpRequest, status: int, words: str) -> HttpResponse:
    """Answer without the database: it may be what is broken."""
    return render(request, "web/bare.html", {"words": words}, status=status)
