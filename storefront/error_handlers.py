"""Error handlers: answer 400 and 403 in the form of each interface."""

import json

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

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
    is_staff = request.path.startswith(reverse("admin:index")) and getattr(
        request.user, "is_staff", False
    )
    return (staff_page.forbidden if is_staff else errors.forbidden)(request, exception)
