"""Context processors: give templates the visit, language links, theme and clock."""

from typing import Any

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest
from django.utils import timezone
from django.utils.encoding import escape_uri_path

from storefront.web.core.page_cache import cache_query
from storefront.web.core.visit import theme_of, visit

CODES = tuple(code for code, _ in settings.LANGUAGES)


def in_language(path: str, code: str) -> str:
    """Return the path of the same page in another language; the home page if it has none."""
    for known in CODES:
        prefix = f"/{known}/"
        if path.startswith(prefix):
            return f"/{code}/{path.removeprefix(prefix)}"
    return f"/{code}/"


def _address(request: HttpRequest) -> str:
    """Return the URL of a page with known parameters only: cached pages contain it."""
    path = escape_uri_path(request.path)
    try:
        query = cache_query(request)
    except TooManyFieldsSent:  # the error page of this request has language links too
        return path
    return f"{path}?{query}" if query else path


def shop(request: HttpRequest) -> dict[str, Any]:
    """Return the context of all templates; the shop is loaded lazily."""
    here = visit(request)
    address = _address(request)
    return {
        "visit": here,
        "language": here.language,
        "theme": theme_of(request),
        "languages": [
            {"code": code, "name": name, "path": in_language(address, code)}
            for code, name in settings.LANGUAGES
        ],
        "public_url": settings.PUBLIC_URL,
        "path": request.path,
        "now": timezone.now(),
        "is_local": not settings.IS_PRODUCTION,
    }
