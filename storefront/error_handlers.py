"""Error handlers: answer 400, 403 and 404 in the form of each interface."""

import json
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from storefront.api.core import exception_handler, problem_types
from storefront.dashboard.login import forbidden as staff_page
from storefront.web.core import errors


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if not request.path_info.startswith("/api/"):
        return errors.bad_request(request, exception)
    problem = exception_handler.respond(problem_types.UNREADABLE_REQUEST, {})
    return HttpResponse(
        json.dumps(problem.data),
        status=problem.status_code,
        content_type=exception_handler.CONTENT_TYPE,
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    is_staff = _is_for_staff(request) and request.user.is_authenticated
    return (staff_page.forbidden if is_staff else errors.forbidden)(request, exception)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    if not _is_for_staff(request):
        return errors.csrf_failed(request, reason)
    return staff_page.error(
        request,
        title=_("This form has expired"),
        text=_("Nothing was changed. Go back, reload the page, and send the form again."),
        status=HTTPStatus.FORBIDDEN,
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if not _is_for_staff(request):
        return errors.not_found(request, exception)
    return staff_page.error(
        request,
        title=_("Page not found"),
        text=_("This page does not exist, or its record was deleted."),
        status=HTTPStatus.NOT_FOUND,
    )


def _is_for_staff(request: HttpRequest) -> bool:
    """Return whether staff, or a visitor who may sign in as staff, asked for an admin page."""
    if not request.path.startswith(reverse("admin:index")):
        return False  # without request.user: a middleware before its own may have failed
    return request.user.is_anonymous or getattr(request.user, "is_staff", False)
