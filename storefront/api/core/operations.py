"""Merchant operations: document lists and single objects with their common parameters and problems."""

from collections.abc import Callable, Mapping
from typing import Any

from storefront.api.core import paging, problem_types
from storefront.api.core.problem_types import ProblemType
from storefront.api.core.schema import Parameter, openapi
from storefront.api.core.selection import ResourceSerializer, parameters_of
from storefront.api.models import Scope


def list_operation(  # noqa: PLR0913 - all parts of an operation
    *,
    name: str,
    tag: str,
    summary: str,
    serializer: type[ResourceSerializer],
    scope: Scope,
    filters: tuple[Parameter, ...] = (),
    problems: tuple[ProblemType, ...] = (),
    description: str = "",
) -> Callable[[Any], Any]:
    """Document a list that ``MerchantEndpoint.show_page`` returns."""
    return openapi(
        name=name,
        tag=tag,
        summary=summary,
        description=description,
        answers={200: paging.list_serializer(serializer)},
        problems=(*problems, problem_types.INVALID_PARAMETERS),
        scope=scope,
        parameters=(*filters, *parameters_of(serializer), *paging.PARAMETERS),
    )


def read_operation(  # noqa: PLR0913 - all parts of an operation
    *,
    name: str,
    tag: str,
    summary: str,
    serializer: type[ResourceSerializer],
    scope: Scope,
    parameters: tuple[Parameter, ...] = (),
) -> Callable[[Any], Any]:
    """Document one object that ``MerchantEndpoint.show`` returns."""
    return openapi(
        name=name,
        tag=tag,
        summary=summary,
        answers={200: serializer},
        problems=(problem_types.OBJECT_NOT_FOUND, problem_types.INVALID_PARAMETERS),
        scope=scope,
        parameters=(*parameters, *parameters_of(serializer)),
        has_etag=True,
    )


def write_operation(  # noqa: PLR0913 - all parts of an operation
    *,
    name: str,
    tag: str,
    summary: str,
    body: Any,
    answers: Mapping[int, Any],
    scope: Scope,
    problems: tuple[ProblemType, ...] = (),
    is_new: bool = False,
    accepts_if_match: bool = True,
    description: str = "",
) -> Callable[[Any], Any]:
    """Document a write: a new object needs an idempotency key, a change accepts ``If-Match``."""
    return openapi(
        name=name,
        tag=tag,
        summary=summary,
        description=description,
        body=body,
        answers=answers,
        problems=problems if is_new else (*problems, problem_types.OBJECT_NOT_FOUND),
        scope=scope,
        requires_idempotency_key=is_new,
        accepts_idempotency_key=not is_new,
        accepts_if_match=accepts_if_match and not is_new,
    )
