"""Staff search: find products and variants by words of the title, by brand, and by any number."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from catalog.attributes.identifiers import number_key
from catalog.models import Brand, Identifier, Variant

SEARCH_HELP = _("Words of the title, brand, GTIN, part number (MPN) or SKU")
MIN_NUMBER_LENGTH = 3
MAX_FOUND = 1000  # variants with one number
# Searches that other apps add, because catalog does not import them: text -> ids of variants.
NUMBER_SEARCHES: list[Callable[[str], "QuerySet[Any, Any]"]] = []


def search_products(text: str) -> Q:
    """Return the condition on products: ``text`` is a number, or each of its words matches.

    A word matches in the title, in the brand or in a number of a variant (``find_variant_ids``).
    """

    def with_variants(variant_ids: list[int]) -> Q:
        products = Variant.objects.filter(pk__in=variant_ids).values_list("product", flat=True)
        return Q(pk__in=[*products] if variant_ids else [])

    return _search(text, path="", with_variants=with_variants)


def search_variants(text: str) -> Q:
    """Return the condition on variants, like ``search_products``."""
    return _search(text, path="product__", with_variants=lambda variant_ids: Q(pk__in=variant_ids))


def _search(text: str, *, path: str, with_variants: Callable[[list[int]], Q]) -> Q:
    if found := find_variant_ids(text):
        return with_variants(found)
    words = text.split()
    every_word = Q()
    for word in words:
        numbered = find_variant_ids(word) if len(words) > 1 else []
        in_title = Q(**{f"{path}title__icontains": word})
        brands = [
            *Brand.objects.filter(Q(name__icontains=word) | Q(aliases__name__icontains=word))
            .values_list("pk", flat=True)
            .distinct()
        ]
        every_word &= in_title | Q(**{f"{path}brand__in": brands}) | with_variants(numbered)
    return every_word


def find_variant_ids(text: str) -> list[int]:
    """Return the variants that have a number which contains ``text``.

    Numbers are GTINs, part and model numbers, whatever their spacing, our SKUs and the SKUs of
    suppliers. All have a digit, so a text without one finds nothing.
    """
    text, key = text.strip(), number_key(text)
    if len(key) < MIN_NUMBER_LENGTH or not any(character.isdigit() for character in key):
        return []
    scheme = Identifier.Scheme
    numbered = Identifier.objects.filter(
        Q(scheme__in=[scheme.GTIN, scheme.MPN, scheme.MODEL], value__contains=key)
        | Q(scheme=scheme.SUPPLIER, raw__icontains=text)
    )
    found = (
        Variant.objects.filter(sku__icontains=text)
        .values_list("pk")
        .union(numbered.values_list("variant"), *(search(text) for search in NUMBER_SEARCHES))
    )
    return [pk for (pk,) in found[:MAX_FOUND]]
