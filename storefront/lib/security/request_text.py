"""Request text: refuse NUL and lone surrogates in a path, query or form, before any view runs."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import get_resolver

from storefront.lib.text import is_storable

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
RAW_BODIES = ("/api/", "/hooks/")  # these views read the raw body, not a form


class RequestTextMiddleware:
    """Answers 400 to text that cannot be stored, before any view runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if all(map(is_storable, [request.path_info, *_texts(request.GET)])):
            return self._get_response(request)
        return _refused(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        if request.content_type not in FORMS or request.path_info.startswith(RAW_BODIES):
            return None
        return None if all(map(is_storable, _texts(request.POST))) else _refused(request)


def _texts(pairs: QueryDict) -> Iterable[str]:
    for name, values in pairs.lists():
        yield name
        yield from values


def _refused(request: HttpRequest) -> HttpResponse:
    answer: HttpResponse = get_resolver().resolve_error_handler(HTTPStatus.BAD_REQUEST)(request)
    return answer
