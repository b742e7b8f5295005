"""Parts of the order resources: money members, filters, rows by number, their list operations."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import partial
from hashlib import sha256
from operator import attrgetter
from typing import Any

from django.db.models import Model, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import MoneyFields, StrictCharField, StrictSerializer
from storefront.api.core.idempotency import HEADER
from storefront.api.core.schema import of_path, openapi
from storefront.api.models import ApiKey, Scope

CENT = Decimal("0.01")
MAX_REASON = 200
REASON_HELP = "Why, for the status history."
NUMBER = of_path("number", "The object's number.")

read_operation = partial(openapi, scope=Scope.ORDERS_READ)
write_operation = partial(openapi, scope=Scope.ORDERS_WRITE, requires_idempotency_key=True)


@extend_schema_field(MoneyFields)
class RowMoneyField(serializers.Field[Any, Any, Any, Any]):
    """An amount of a row in its own currency; null if the amount is unknown."""

    def __init__(self, amount: str, *, currency: str = "currency", **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)
        self._amount, self._currency = attrgetter(amount), attrgetter(currency)

    def to_representation(self, value: Any) -> Mapping[str, str] | None:
        amount: Decimal | None = self._amount(value)
        if amount is None:
            return None
        # ``MoneyFields`` would copy its fields for each of the thousands of amounts of a page.
        return {"amount": str(amount.quantize(CENT)), "currency": self._currency(value)}


def request_example(**value: Any) -> tuple[OpenApiExample, ...]:
    """Return the example of a request body, which a test sends."""
    return (OpenApiExample("a request", value=value, request_only=True),)


class ReasonSerializer(StrictSerializer):
    reason = StrictCharField(max_length=MAX_REASON, help_text=REASON_HELP)


def date_filter(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.DATETIME, description=description)


def find_by_number[T: Model](rows: QuerySet[T], number: str) -> T:
    """Return the row with a number. Raises ProblemError."""
    row = rows.filter(number=number).first()
    if row is None:
        raise ProblemError(problem_types.UNKNOWN_NUMBER)
    return row


def expands(request: Request, name: str) -> bool:
    """Return whether the request asks for an expandable member, so that its rows are read."""
    return name in request.query_params.get("expand", "").split(",")


def form_key(key: ApiKey, request: Request) -> str:
    """Return the form key of a request: after a crash, a repeated one finds what was stored."""
    return sha256(f"{key.pk} {request.headers[HEADER]}".encode()).hexdigest()[:40]


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
