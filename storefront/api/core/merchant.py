"""Merchant endpoints: find the client, count its requests, require the scope of the operation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response

from storefront.api.core import api_keys, etags, idempotency, paging, problem_types
from storefront.api.core.api_keys import Client
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.idempotency import Work
from storefront.api.core.selection import ResourceSerializer, Selection, selection_of
from storefront.api.core.throttles import ClientThrottle
from storefront.api.core.views import Endpoint


class MerchantEndpoint(Endpoint):
    """Base view of ``/api/v1/admin/``. ``@openapi(scope=...)`` names the scope of each operation.

    An operation without a scope is refused.
    """

    throttle_classes = [ClientThrottle]
    client: Client

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        now: datetime = timezone.now()
        found = api_keys.find_client(request, now=now)
        # ``ClientThrottle`` counts by key, or by network without one.
        self.found_client = found
        super().initial(request, *args, **kwargs)
        operation = getattr(self, str(request.method).lower(), None)
        scope = getattr(operation, "scope", None)
        if scope is None:
            raise MethodNotAllowed(str(request.method))
        self.client = api_keys.require_scope(found, scope)
        api_keys.record_use(self.client.key, now=now)
        known = getattr(operation, "query_parameters", None)
        if known is not None and (unknown := {*request.query_params} - known):
            errors = [
                {"parameter": name[:100], "detail": "This parameter does not exist."}
                for name in sorted(unknown)
            ]
            raise ProblemError(problem_types.INVALID_PARAMETERS, errors=errors)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(self, "rate_limit_headers", {}).items():
            response.headers.setdefault(name, value)
        return response

    @property
    def principal(self) -> str:
        """The owner of the idempotency keys."""
        return idempotency.principal_of_secret(self.client.key.digest)

    def may(self, scope: str) -> bool:
        """Return whether the client also has another scope, such as ``costs:read``."""
        return scope in self.client.scopes

    def selection(self, request: Request, serializer: type[ResourceSerializer]) -> Selection:
        """Return the members that the request asks for. Raises ProblemError: a name is unknown."""
        return selection_of(request, serializer, self.client.scopes)

    def complete_selection(self) -> Selection:
        """Return the members of an object without ``fields`` and ``expand``."""
        return Selection(fields=None, expanded=frozenset(), scopes=self.client.scopes)

    def show(
        self,
        request: Request,
        row: Any,
        serializer: type[ResourceSerializer],
        *,
        status: int = 200,
        **context: Any,
    ) -> Response:
        """Return one object with its ``ETag``; 304 if the client has it already."""
        selection = self.selection(request, serializer)
        data = serializer(row, context={"selection": selection, **context}).data
        return etags.respond(request, data, status)

    def show_page(
        self,
        request: Request,
        rows: QuerySet[Any],
        serializer: type[ResourceSerializer],
        *,
        order: Sequence[str] = ("pk",),
        **context: Any,
    ) -> Response:
        """Return one page of a list. ``order`` as in ``paging.page_of``."""
        selection = self.selection(request, serializer)
        found, next_url = paging.page_of(request, rows, order=order)
        shown = serializer(found, many=True, context={"selection": selection, **context})
        return Response({"results": shown.data, "next": next_url})

    def require_match(
        self, request: Request, row: Any, serializer: type[ResourceSerializer], **context: Any
    ) -> None:
        """Check ``If-Match`` under the lock of ``row``. Raises ProblemError: the row has changed."""
        context["selection"] = self.complete_selection()
        data = serializer(row, context=context).data
        etags.require_match(request, data)

    def run_once(self, request: Request, work: Work, *, is_required: bool = True) -> Response:
        """Run ``work`` once per ``Idempotency-Key`` of this key."""
        return idempotency.run_idempotent(
            request, principal=self.principal, work=work, is_required=is_required
        )
