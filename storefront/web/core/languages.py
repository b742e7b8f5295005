"""The same page in another language: only its prefix differs."""

from __future__ import annotations

from django.conf import settings

CODES = tuple(code for code, _ in settings.LANGUAGES)


def in_language(path: str, code: str) -> str:
    """Return the address of the same page in a language; a page without one leads home."""
    for known in CODES:
        prefix = f"/{known}/"
        if path.startswith(prefix):
            return f"/{code}/{path.removeprefix(prefix)}"
    return f"/{code}/"
