"""API schema: describe the problems, the idempotency key and the links of each operation."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from storefront.api.core import exception_handler, problem_types
from storefront.api.core.idempotency import HEADER, MAX_KEY
from storefront.api.core.problem_types import ProblemType

ALWAYS = (
    problem_types.UNREADABLE_REQUEST,
    problem_types.NOT_ACCEPTABLE,
    problem_types.RATE_LIMITED,
    problem_types.INTERNAL_ERROR,
    problem_types.UNAVAILABLE,
)
WITH_BODY = (
    problem_types.MALFORMED_BODY,
    problem_types.INVALID_FIELDS,
    problem_types.UNSUPPORTED_MEDIA_TYPE,
    problem_types.BODY_TOO_LARGE,
)
# Security schemes of ``settings.api``: a cart, an order, a program by its key or by its token.
CART_TOKEN, ORDER_KEY, API_KEY, OAUTH = "CartToken", "OrderKey", "ApiKey", "OAuth"
CUSTOMER_SESSION = "CustomerSession"  # a cookie
WITH_SCOPE = (problem_types.INVALID_API_KEY, problem_types.MISSING_SCOPE)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="ETag of the object that you read. If it has changed since, nothing is written.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="ETag of the object that you have. If it is unchanged, the answer is 304.",
)
NOT_MODIFIED = OpenApiResponse(description="The object is unchanged.")
WITH_KEY = (problem_types.KEY_INVALID, problem_types.KEY_REUSED, problem_types.KEY_IN_USE)

# A serializer stands for one query parameter for each of its fields.
type Parameter = OpenApiParameter | type[serializers.Serializer[Any]]


class ProblemField(serializers.Serializer[Any]):
    """One error at one place of the request."""

    pointer = serializers.CharField(required=False, help_text="JSON pointer into the body.")
    parameter = serializers.CharField(required=False, help_text="Name of a query parameter.")
    detail = serializers.CharField()
    is_warning = serializers.BooleanField(
        required=False, help_text="True: the field is only doubtful, and can be kept with a reason."
    )


class Problem(serializers.Serializer[Any]):
    """Problem details (RFC 9457). Further members depend on the type."""

    type = serializers.URLField(help_text="URL that identifies the problem and explains it.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="How to solve the problem.")
    errors = ProblemField(many=True, required=False)  # type: ignore[assignment]  # not their errors


def openapi(  # noqa: PLR0913 - all parts of an operation
    *,
    name: str,
    tag: str,
    summary: str,
    answers: Mapping[int, Any],
    problems: tuple[ProblemType, ...] = (),
    body: type[serializers.Serializer[Any]] | None = None,
    accepts_idempotency_key: bool = False,
    requires_idempotency_key: bool = False,
    bearer: str = "",
    scope: str = "",
    accepts_if_match: bool = False,
    has_etag: bool = False,
    parameters: tuple[Parameter, ...] = (),
    examples: tuple[OpenApiExample, ...] = (),
    description: str = "",
) -> Callable[[Any], Any]:
    """Return a decorator that documents an operation: problems become answers with examples.

    ``scope`` is also what ``MerchantEndpoint`` requires of the client. An operation with the problem
    ``INVALID_PARAMETERS`` refuses other query parameters there.
    """
    kinds = [*problems, *ALWAYS, *(WITH_BODY if body else ())]
    if scope:
        kinds += WITH_SCOPE
        description = f"{(description or summary).removesuffix('.')}. Scope: `{scope}`."
    if accepts_if_match:
        kinds.append(problem_types.PRECONDITION_FAILED)
        parameters += (IF_MATCH,)
    if has_etag:
        parameters += (IF_NONE_MATCH,)
        answers = {**answers, 304: NOT_MODIFIED}
    if accepts_idempotency_key or requires_idempotency_key:
        kinds += WITH_KEY
        parameters += (_key(is_required=requires_idempotency_key),)
    if requires_idempotency_key:
        kinds.append(problem_types.KEY_REQUIRED)
    document = extend_schema(
        operation_id=name,
        summary=summary,
        description=description or summary,
        request=body,
        parameters=list(parameters),
        responses={**answers, **_problem_answers(kinds)},
        examples=list(examples),
        tags=[tag],
        auth=_security(bearer, scope),
    )

    def decorate(operation: Any) -> Any:
        documented = document(operation)
        documented.scope = scope or None
        documented.query_parameters = (
            _query_names(parameters) if problem_types.INVALID_PARAMETERS in problems else None
        )
        return documented

    return decorate


def _query_names(parameters: tuple[Parameter, ...]) -> set[str]:
    names: set[str] = set()
    for each in parameters:
        if not isinstance(each, OpenApiParameter):
            names |= {*each().fields}
        elif each.location == OpenApiParameter.QUERY:
            names.add(each.name)
    return names


def _security(bearer: str, scope: str) -> Any:
    """Return the alternatives of OpenAPI: a key or a token with the scope, or another bearer key."""
    if scope:
        return [{API_KEY: [scope]}, {OAUTH: [scope]}]
    return [{bearer: []}] if bearer else None


def _key(*, is_required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        HEADER,
        {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
        OpenApiParameter.HEADER,
        required=is_required,
        description="A repeated request with the same key and body is executed once"
        " and gets the same response.",
    )


def _problem_answers(kinds: list[ProblemType]) -> dict[tuple[int, str], OpenApiResponse]:
    by_status: dict[int, list[ProblemType]] = defaultdict(list)
    for kind in kinds:
        by_status[kind.status].append(kind)
    return {
        (status, exception_handler.CONTENT_TYPE): OpenApiResponse(
            Problem,
            description=" / ".join(str(kind.title) for kind in of_status),
            examples=[_example(kind) for kind in of_status],
        )
        for status, of_status in sorted(by_status.items())
    }


def _example(kind: ProblemType) -> OpenApiExample:
    value = dict(exception_handler.respond(kind, {}).data)
    return OpenApiExample(kind.slug, value=value, status_codes=[str(kind.status)])


def of_path(name: str, description: str, kind: type[str | int] = str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.PATH, description=description)


def add_links(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Link answers to the operations on the object that they show (a hook of drf-spectacular).

    An object is shown by the operation that creates it, and by each change that answers like its GET.
    """
    paths, components = result["paths"], result["components"]["schemas"]
    operations = [(path, *each) for path, methods in paths.items() for each in methods.items()]
    for item, methods in paths.items():
        collection, _slash, parameter = item.removesuffix("/").rpartition("/")
        if not parameter.startswith("{") or "{" in collection:
            continue
        own = _component(methods.get("get", {}))
        names = [
            definition["operationId"]
            for path, _method, definition in operations
            if path.startswith(item) and path.count("{") == 1
        ]
        for path, method, definition in operations:
            shown = _component(definition)
            if shown and method != "get" and (path == f"{collection}/" or shown == own):
                members = components[shown]["properties"]
                key = next((each for each in ("number", "id") if each in members), None)
                if key:
                    value = {parameter.strip("{}"): f"$response.body#/{key}"}
                    _success(definition)["links"] = {
                        name: {"operationId": name, "parameters": value}
                        for name in names
                        if name != definition["operationId"]
                    }
    return result


def _success(definition: Mapping[str, Any]) -> dict[str, Any]:
    answers = definition.get("responses", {})
    return next((answer for code, answer in answers.items() if code.startswith("2")), {})


def _component(definition: Mapping[str, Any]) -> str:
    """Return the name of the component that an operation answers with; "" without one."""
    content = _success(definition).get("content", {}).get("application/json", {})
    return str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
