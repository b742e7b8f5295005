"""Product list filters: find products of a family, and those that lack a text."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from catalog.models.families import family_choices
from catalog.models.texts import TRANSLATED_LANGUAGES
from catalog.products.translations.missing_texts import Text, products_lacking


class FamilyFilter(SimpleListFilter):
    """Rows of a family."""

    title = _("Family")
    parameter_name = "family"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return family_choices()

    def queryset(self, _request: HttpRequest, queryset: "QuerySet[Product]") -> "QuerySet[Product]":
        return queryset.filter(family=self.value()) if self.value() else queryset


class MissingTextFilter(SimpleListFilter):
    """Products that lack a title, a description or an option in a language."""

    title = _("Missing translation")
    parameter_name = "missing_text"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return [
            (f"{text.value}:{code}", f"{name}: {text.label}")
            for code, name in TRANSLATED_LANGUAGES
            for text in Text
        ]

    def queryset(self, _request: HttpRequest, queryset: "QuerySet[Product]") -> "QuerySet[Product]":
        text, _colon, language = (self.value() or "").partition(":")
        if text not in Text.values or language not in dict(TRANSLATED_LANGUAGES):
            return queryset
        return queryset.filter(pk__in=products_lacking(text, language))
