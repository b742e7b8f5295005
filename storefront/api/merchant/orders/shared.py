"""Order resources: shared parts of requests, their examples, units by line."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request

from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import StrictCharField, StrictSerializer
from storefront.api.core.schema import of_path, openapi
from storefront.api.models import Scope

MAX_LINES, MAX_REASON = 100, 200
REASON_HELP = "Why, for the status history."
NUMBER = of_path("number", "The object's number.")

action_operation = partial(openapi, scope=Scope.ORDERS_WRITE, requires_idempotency_key=True)


def request_example(**value: Any) -> tuple[OpenApiExample, ...]:
    """Return the example of a request body, which a test sends."""
    return (OpenApiExample("a request", value=value, request_only=True),)


class ReasonSerializer(StrictSerializer):
    reason = StrictCharField(max_length=MAX_REASON, help_text=REASON_HELP)


def expanded_by(request: Request) -> frozenset[str]:
    """Return the expandable members that the request asks for, so that their rows are read."""
    return frozenset(request.query_params.get("expand", "").split(","))


def invalid_field(pointer: str, detail: str) -> ProblemError:
    errors = [{"pointer": pointer, "detail": detail}]
    return ProblemError(problem_types.INVALID_FIELDS, errors=errors)


def units_by_line(
    lines: Sequence[Mapping[str, Any]],
    known: Collection[int],
    *,
    quantity: str = "quantity",
    is_complete: bool = False,
) -> dict[int, int]:
    """Return units by line id. Raises ProblemError: a line is unknown, repeated or missing."""
    errors = []
    units: dict[int, int] = {}
    for index, line in enumerate(lines):
        if line["line_id"] not in known or line["line_id"] in units:
            detail = "This line does not exist, or is repeated."
            errors.append({"pointer": f"#/lines/{index}/line_id", "detail": detail})
        units[line["line_id"]] = line[quantity]
    if is_complete and not errors and len(units) < len(known):
        errors.append({"pointer": "#/lines", "detail": "Name every line."})
    if errors:
        raise ProblemError(problem_types.INVALID_FIELDS, errors=errors)
    return units
