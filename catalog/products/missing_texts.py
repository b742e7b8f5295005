"""Missing texts: find the products that lack a title, a description or an option in a language."""

import time

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from catalog.models import OptionText, Product, ProductText, Variant

CACHE_S = 60.0
MAX_OPTIONS = 2_000  # untranslated options that one query looks for

_counts: dict[str, tuple[float, dict[str, int]]] = {}  # expiry by the monotonic clock


class Text(models.TextChoices):
    TITLE = "title", _("Title")
    DESCRIPTION = "description", _("Description")
    OPTIONS = "options", _("Options")


def products_lacking(text: str, language: str) -> "QuerySet[Product]":
    """Return the products that lack a text in a language.

    A description is missing if there is one in the base language, options if a name or value of
    ``OptionText`` has no translation.
    """
    products = Product.objects.all()
    if text == Text.TITLE:
        return products.exclude(titles__has_key=language)
    if text == Text.DESCRIPTION:
        own = ProductText.objects.filter(product=OuterRef("pk"), language=language)
        stated = products.exclude(summary="", description_html="")
        return stated.exclude(Exists(own.exclude(summary="", description_html="")))
    names, values = (_untranslated(kind, language) for kind in OptionText.Kind.values)
    of_variant = Variant.objects.filter(product=OuterRef("pk"), option_values__has_any_keys=values)
    return products.filter(Exists(of_variant) | Q(option_names__has_any_keys=names))


def count_missing(language: str) -> dict[str, int]:
    """Return how many products lack each text in a language."""
    return {text: products_lacking(text, language).count() for text in Text.values}


def cached_counts(language: str) -> dict[str, int]:
    """Return ``count_missing``, at most a minute old. For lists, which shall stay fast."""
    counted = _counts.get(language)
    if counted is None or counted[0] < time.monotonic():
        counted = (time.monotonic() + CACHE_S, count_missing(language))
        _counts[language] = counted
    return counted[1]


def untranslated_options(language: str) -> "QuerySet[OptionText]":
    return OptionText.objects.exclude(texts__has_key=language)


def _untranslated(kind: str, language: str) -> list[str]:
    rows = untranslated_options(language).filter(kind=kind, variant_count__gt=0)
    spellings = rows.order_by("-variant_count")[:MAX_OPTIONS].values_list("spellings", flat=True)
    return [spelling for each in spellings for spelling in each]
