"""Staff search: find products and variants by words of the title, by brand, and by any number.

An index serves each part: words of titles or their beginnings, the beginning or the end of numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

from django.contrib.postgres.search import SearchVector, SearchVectorExact
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.attributes.identifiers import number_key
from catalog.models import Brand, Identifier, Product, Variant
from catalog.models.products import NUMBER
from storefront.lib.db import indexed_search as search
from storefront.lib.db.indexed_search import Found, Ids, IdSearch, IndexedSearch

SEARCH_HELP = _("Words of the title, brand, GTIN, part number (MPN) or SKU")
MIN_NUMBER_LENGTH = 3
MAX_WORDS = 8  # of a search; more are ignored
# Searches that other apps add, because catalog does not import them: text -> ids of variants.
NUMBER_SEARCHES: list[Callable[[str], "Sequence[IdSearch]"]] = []


def search_products(text: str) -> Q:
    """Return the condition on products: ``text`` is a number, or each of its words matches.

    A word matches in the title, in the brand or in a number of a variant (``find_variants``).
    """
    return search_rows_of_products(text, path="")


def search_rows_of_products(text: str, *, path: str) -> Q:
    """Return the condition on rows whose product has the text; ``path`` leads to it."""

    def with_variants(variants: Ids) -> Q:
        products: Any = Variant.objects.filter(pk__in=variants).values_list("product", flat=True)
        if isinstance(variants, list):
            products = [*products] if variants else []
        return Q(**{f"{path}pk__in": products})

    return _search(text, path=path, with_variants=with_variants)


def search_variants(text: str, *, path: str = "") -> Q:
    """Return the condition on rows whose variant has the text; ``path`` leads to it."""
    return _search(
        text,
        path=f"{path}product__",
        with_variants=lambda variants: Q(**{f"{path}pk__in": variants}),
    )


def _search(text: str, *, path: str, with_variants: Callable[[Ids], Q]) -> Q:
    words = text.split()[:MAX_WORDS]
    # One statement finds the numbers of the whole text and of each word.
    numbers = [number_searches(one) for one in (text, *(words if len(words) > 1 else ()))]
    whole, *by_word = search.find_in_tables(numbers, limit=search.MAX_FOUND)
    if whole:
        return with_variants(whole.all())
    brands = _words_by_brand(words)
    numbered = {word: ids.all() for word, ids in zip(words, by_word, strict=False) if ids}

    def with_names(words: Sequence[str]) -> Q:
        named = _in_title_or_brand(words, brands)
        # A subquery, because a join would not use the index of the title.
        return Q(**{f"{path}in": Product.objects.filter(named).values("pk")}) if path else named

    others = [word for word in words if word not in numbered and search.words_query(word)]
    if not others and not numbered:
        return with_variants([])
    found = [with_names([word]) | with_variants(ids) for word, ids in numbered.items()]
    return reduce(and_, [*([with_names(others)] if others else []), *found])


def _in_title_or_brand(words: Sequence[str], brands: Mapping[int, frozenset[str]]) -> Q:
    """Return the condition on products: each word is in the title or in the brand.

    It has one alternative for each set of words that brands have, so that indexes serve all of it:
    the title for the other words, and the brand.
    """
    alternatives: dict[frozenset[str], list[int]] = {}
    for pk, in_brand in brands.items():
        if common := in_brand.intersection(words):
            alternatives.setdefault(common, []).append(pk)
    condition = _in_title(words)
    for in_brand, pks in alternatives.items():
        condition |= Q(brand__in=pks) & _in_title([one for one in words if one not in in_brand])
    return condition


def _in_title(words: Sequence[str]) -> Q:
    query = search.words_query(" ".join(words))
    title = SearchVector("title", config=search.WORDS_CONFIG)
    return Q(SearchVectorExact(title, query)) if query else Q()


def _words_by_brand(words: Sequence[str]) -> dict[int, frozenset[str]]:
    """Return the words that the name or an alias of each brand contains."""
    wanted = [Q(name__icontains=word) | Q(aliases__name__icontains=word) for word in words]
    if not wanted:
        return {}
    found: dict[int, frozenset[str]] = {}
    rows = Brand.objects.filter(reduce(or_, wanted)).values_list("pk", "name", "aliases__name")
    for pk, *names in rows:
        text = "\n".join(filter(None, names)).casefold()
        in_text = {word for word in words if word.casefold() in text}
        found[pk] = found.get(pk, frozenset()) | in_text
    return found


def find_variants(text: str) -> Found:
    """Return the variants that have a number which starts or ends with ``text``.

    Numbers are GTINs, part and model numbers, whatever their spacing, our SKUs and the SKUs of
    suppliers. All have a digit, so a text without one finds nothing.
    """
    return search.find(number_searches(text))


def variant_searches(text: str) -> list[IdSearch]:
    """Return the searches of variants by number or, without a digit, by words of the title."""
    return number_searches(text) or [one.through("variants") for one in _title_searches(text)]


def product_searches(text: str) -> list[IdSearch]:
    """Return the searches of products by number of a variant and by words of the title."""
    return [*(one.through("product") for one in number_searches(text)), *_title_searches(text)]


def _title_searches(text: str) -> list[IdSearch]:
    return search.with_words(Product.objects.all(), "title", text)


def number_searches(text: str) -> list[IdSearch]:
    """Return the searches of variants by number; none if the text cannot be a number."""
    text, key = text.strip(), number_key(text)
    if len(key) < MIN_NUMBER_LENGTH or not any(character.isdigit() for character in key):
        return []
    identifiers = Identifier.objects.all()
    sku = text.upper()
    return [
        *search.starting_with(Variant.objects.all(), "sku", sku),
        *search.ending_with(Variant.objects.all(), "sku", sku),
        *search.starting_with(identifiers, NUMBER, key, pk="variant"),
        *search.ending_with(identifiers, "value", key, pk="variant"),
        *search.starting_with(identifiers, NUMBER, text, pk="variant"),
        *(found for find in NUMBER_SEARCHES for found in find(text)),
    ]


class VariantRows(IndexedSearch):
    """Admin mixin of rows that belong to a variant: they are found like variants."""

    path = "variant__"

    def search_condition(self, text: str) -> Q | None:
        return search_variants(text, path=self.path)


class ProductRows(IndexedSearch):
    """Admin mixin of rows that belong to a product: they are found like products."""

    path = "product__"

    def search_condition(self, text: str) -> Q | None:
        return search_rows_of_products(text, path=self.path)


class ProductList(IndexedSearch):
    """Admin mixin of the list of products."""

    def searches(self, text: str) -> list[IdSearch]:
        return product_searches(text)

    def search_condition(self, text: str) -> Q | None:
        return search_products(text)


class VariantList(IndexedSearch):
    """Admin mixin of the list of variants."""

    def searches(self, text: str) -> list[IdSearch]:
        return variant_searches(text)

    def search_condition(self, text: str) -> Q | None:
        return search_variants(text)
