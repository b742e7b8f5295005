"""API views: parse strict JSON, throttle requests, set cache headers, find channel and country."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.markets.middleware import request_market
from catalog.models import Channel
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.throttles import ChangeThrottle, ReadThrottle
from storefront.identity.current import may_sell
from storefront.lib.text import is_storable

MAX_BODY_BYTES = 65_536
UNSTORABLE = _("Remove NUL characters and lone surrogates.")


class StrictJSON(JSONParser):
    """JSON parser that refuses NaN, repeated names, deep nesting and large bodies."""

    max_bytes = MAX_BODY_BYTES
    refuses_unstorable = True

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002 - signature of the base class
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        content = stream.read(self.max_bytes + 1)
        if len(content) > self.max_bytes:
            raise ProblemError(problem_types.BODY_TOO_LARGE, limit=self.max_bytes)
        try:
            text = content.decode()
            data = json.loads(
                text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeated
            )
            refused = (
                list(_unstorable(data, "#")) if self.refuses_unstorable and "\\u" in text else []
            )
        except (ValueError, RecursionError) as error:
            raise ParseError from error
        if refused:
            problems = [{"pointer": pointer, "detail": str(UNSTORABLE)} for pointer in refused]
            raise ProblemError(problem_types.INVALID_FIELDS, errors=problems)
        return data


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("repeated name")
    return data


def _unstorable(value: Any, pointer: str) -> Iterator[str]:
    """Yield the pointer of each text with NUL or a lone surrogate; for a name, its object's."""
    if isinstance(value, str) and not is_storable(value):
        yield pointer
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unstorable(inner, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for name, inner in value.items():
            if is_storable(name):
                yield from _unstorable(inner, f"{pointer}/{name}")
            else:
                yield pointer


class Endpoint(APIView):
    """Base view. Responses are private, unless ``cache_for_s`` allows caching."""

    parser_classes = [StrictJSON]
    throttle_classes = [ReadThrottle, ChangeThrottle]
    metadata_class = None
    cache_for_s = 0

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.now: datetime = timezone.now()

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        is_cacheable = self.cache_for_s and not response.exception
        cache_control = (
            f"public, max-age={self.cache_for_s}" if is_cacheable else "private, no-store"
        )
        response.headers.setdefault("Cache-Control", cache_control)
        return response


class NotFoundView(Endpoint):
    """Answers 404 to unknown paths of the API."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise ProblemError(problem_types.NOT_FOUND)


def sales_channel(request: Request) -> Channel:
    """Return the channel of the market whose host and path the request has.

    Raises: ProblemError  the shop is not set up
    """
    require_identity()
    market = request_market(request)
    channel = Channel.objects.filter(code=market.code).first() if market else None
    if channel is None:
        raise ProblemError(problem_types.UNAVAILABLE)
    return channel


def find_row[T: Model](rows: QuerySet[T], **key: Any) -> T:
    """Return the row with a key, such as ``pk`` or ``number``. Raises ProblemError: there is none."""
    row = rows.filter(**key).first()
    if row is None:
        raise ProblemError(problem_types.OBJECT_NOT_FOUND)
    return row


def require_identity() -> None:
    """Check that the shop may sell: no demo identity in production. Raises ProblemError."""
    if not may_sell():
        raise ProblemError(problem_types.UNAVAILABLE)


def validated_country(channel: Channel, code: str | None) -> str:
    """Return a country with delivery; by default the channel's. Raises ProblemError."""
    if code is None:
        return channel.default_country
    if code not in channel.countries:
        raise ProblemError(problem_types.COUNTRY_NOT_SERVED, countries=sorted(channel.countries))
    return code
