"""Paging: read a list in pages by keyset, with a signed cursor that only the next page knows.

A cursor holds the sort values of the last row, so that inserts shift no page, and each page costs the
same. It is valid for the same path and parameters only.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.db.models import Model, Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request

from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.selection import schema_name

SALT = "storefront.api.cursor"
DEFAULT_LIMIT, MAX_LIMIT = 50, 250
CURSOR, LIMIT = "cursor", "limit"
PARAMETERS = (
    OpenApiParameter(
        LIMIT,
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        description="Rows per page.",
    ),
    OpenApiParameter(CURSOR, str, description="Position in the list. Follow `next` instead."),
)


def page_of[T: Model](
    request: Request, rows: QuerySet[T], *, order: Sequence[str] = ("pk",)
) -> tuple[list[T], str | None]:
    """Return one page of rows, and the URL of the next page or None.

    ``order`` names columns, the last one unique; all ascending, or all descending with "-". An index
    must have these columns.
    """
    limit = _limit(request)
    operator = "lt" if order[0].startswith("-") else "gt"
    columns = [name.removeprefix("-") for name in order]
    if (text := request.query_params.get(CURSOR)) is not None:
        rows = rows.filter(_after(columns, _values(request, text, len(columns)), operator))
    found = list(rows.order_by(*order)[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], _next_url(request, [_plain(getattr(last, name)) for name in columns])


def list_serializer(row: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Return the serializer of a page of rows, for the schema."""
    following = serializers.URLField(allow_null=True, help_text="URL of the next page; null: last.")
    return inline_serializer(
        f"{schema_name(row)}Page", {"results": row(many=True), "next": following}
    )


def _limit(request: Request) -> int:
    text = request.query_params.get(LIMIT, str(DEFAULT_LIMIT))
    is_short = len(text) <= len(str(MAX_LIMIT))
    if is_short and text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise _invalid(LIMIT, f"Send a number from 1 to {MAX_LIMIT}.")


def _after(columns: Sequence[str], values: Sequence[Any], operator: str) -> Q:
    """Return the condition of the rows after a position: ``(a, b) > (x, y)``."""
    condition = Q()
    for name, value in reversed(list(zip(columns, values, strict=True))):
        beyond = Q(**{f"{name}__{operator}": value})
        # The outer comparison lets an index find the position.
        condition = (
            Q(**{f"{name}__{operator}e": value}) & (beyond | condition) if condition else beyond
        )
    return condition


def _values(request: Request, text: str, count: int) -> list[Any]:
    try:
        scope, values = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        scope, values = None, []
    if scope != _list_of(request) or len(values) != count:
        raise _invalid(CURSOR, "Follow next of the page before, with the same parameters.")
    return list(values)


def _next_url(request: Request, values: list[Any]) -> str:
    cursor = signing.dumps([_list_of(request), values], salt=SALT)
    parameters = [*_parameters(request), (LIMIT, str(_limit(request))), (CURSOR, cursor)]
    return f"{settings.PUBLIC_URL}{request.path}?{urlencode(parameters)}"


def _list_of(request: Request) -> str:
    return f"{request.path}?{urlencode(_parameters(request))}"


def _parameters(request: Request) -> list[tuple[str, str]]:
    """Return the parameters that select and sort rows."""
    return sorted(
        (name, value)
        for name, values in request.query_params.lists()
        for value in values
        if name not in (CURSOR, LIMIT)
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _invalid(parameter: str, detail: str) -> ProblemError:
    errors = [{"parameter": parameter, "detail": detail}]
    return ProblemError(problem_types.INVALID_PARAMETERS, errors=errors)
