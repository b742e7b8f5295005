"""What every page needs, whoever asks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from storefront.web.core.languages import in_language
from storefront.web.core.visit import theme_of, visit


def shop(request: HttpRequest) -> dict[str, Any]:
    """Give templates the visit, the languages and the clock; the shop is read when asked for."""
    here = visit(request)
    return {
        "visit": here,
        "language": here.language,
        "theme": theme_of(request),
        "languages": [
            {"code": code, "name": name, "path": in_language(request.get_full_path(), code)}
            for code, name in settings.LANGUAGES
        ],
        "public_url": settings.PUBLIC_URL,
        "path": request.path,
        "now": timezone.now(),
        "is_local": not settings.IS_PRODUCTION,
    }
