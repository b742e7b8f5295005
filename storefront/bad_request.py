"""Bad requests: answer problem details to programs, a page to people."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse

from storefront.api.core import exception_handler, problem_types
from storefront.web.core import errors


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if not request.path_info.startswith("/api/"):
        return errors.bad_request(request, exception)
    problem = exception_handler.respond(problem_types.UNREADABLE, {})
    return HttpResponse(
        json.dumps(problem.data),
        status=problem.status_code,
        content_type=exception_handler.CONTENT_TYPE,
    )
