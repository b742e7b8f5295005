"""Portal languages: match the language of a URL, link a page to itself in other languages."""

from typing import Any

from django.conf import settings
from django.urls import LocalePrefixPattern, URLResolver

NAMES = dict(settings.SUPPLIER_LANGUAGES)


class LanguagePrefix(LocalePrefixPattern):
    """URL prefix of any language of suppliers. Reversed, it is the active language.

    Django's own prefix matches languages of the shop only.
    """

    def match(self, path: str) -> tuple[str, tuple[Any, ...], dict[str, Any]] | None:
        language, slash, rest = path.partition("/")
        return (rest, (), {}) if slash and language in NAMES else None


def portal_patterns(*patterns: Any) -> list[URLResolver]:
    """Prefix patterns with each language of suppliers, as ``i18n_patterns`` does for the shop."""
    return [URLResolver(LanguagePrefix(), list(patterns))]


def language_of(path: str) -> str:
    return path.lstrip("/").partition("/")[0]


def language_links(full_path: str) -> list[dict[str, str]]:
    """Return links to the same page in each language; ``full_path`` includes the query."""
    rest = full_path.lstrip("/").partition("/")[2]
    return [{"code": code, "name": name, "path": f"/{code}/{rest}"} for code, name in NAMES.items()]
