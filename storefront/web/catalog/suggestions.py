"""Search suggestions: offer categories, filters and products while a customer types."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog.models import Category
from catalog.models.families import cached_families
from catalog.search import product_list, query_parser
from catalog.search.filters import CHOICES, ProductFilter
from catalog.search.vocabulary import meanings_of
from storefront.lib.text import fold
from storefront.web.catalog.product_list import value_label
from storefront.web.catalog.product_title import product_title
from storefront.web.core.labels import label_for
from storefront.web.core.page_cache import cache_page
from storefront.web.core.visit import visit

MIN_LENGTH = 2
MAX_CATEGORIES, MAX_FILTERS, MAX_PRODUCTS = 3, 3, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One suggestion: its text, what it is (a category, a facet, a brand), and the page it opens."""

    text: str
    kind: str
    url: str


@require_safe
@cache_page
def suggest(request: HttpRequest) -> HttpResponse:
    """Return the suggestions for a search text as a part of a page."""
    here, asked = visit(request), ProductFilter.from_params(request.GET).search_text
    found: list[Suggestion] = []
    if len(asked) >= MIN_LENGTH:
        page = product_list.load_page(
            channel=here.channel,
            query=ProductFilter(search_text=asked),
            country=here.country,
            now=timezone.now(),
        )
        found = [
            *_categories(asked, here.categories, here.language),
            *_filters(asked, here.language),
            *(
                Suggestion(
                    text=product_title(card),
                    kind=card.brand,
                    url=reverse("product", args=[card.slug]),
                )
                for card in page.cards[:MAX_PRODUCTS]
            ),
        ]
    return render(request, "web/catalog/suggestions.html", {"suggestions": found})


def _categories(asked: str, categories: Sequence[Category], language: str) -> Iterator[Suggestion]:
    """Yield the categories that the text names, by a beginning of their words or by a product type."""
    named = {
        family
        for term in query_parser.split_terms(asked, meanings=meanings_of(cached_families()))
        if term.meaning and term.meaning.is_type
        for family in term.meaning.families
    }
    matching = [
        category
        for category in categories
        if (named and named <= set(category.families))
        or any(_begins(asked, str(name)) for name in category.names.values())
    ]
    for category in matching[:MAX_CATEGORIES]:
        yield Suggestion(
            text=category.name_in(language),
            kind=_("Category"),
            url=reverse("category", args=[category.slug]),
        )


def _filters(asked: str, language: str) -> Iterator[Suggestion]:
    """Yield the filters whose label begins with the last word, added to the words before it."""
    before, _space, last = asked.rpartition(" ")
    if len(last) < MIN_LENGTH:
        return
    matching = [
        (code, parameter, value, label)
        for code, (parameter, values) in CHOICES.items()
        for value in values
        if _begins(last, label := value_label(code, value, language))
    ]
    for code, parameter, value, label in matching[:MAX_FILTERS]:
        params = urlencode(({"q": before} if before else {}) | {parameter: value})
        yield Suggestion(
            text=f"{before} {label}".strip(),
            kind=str(label_for(code, "facet")),
            url=f"{reverse('search')}?{params}",
        )


def _begins(typed: str, name: str) -> bool:
    """Return whether each typed word begins a word of a name."""
    words = fold(name).split()
    return all(any(word.startswith(part) for word in words) for part in fold(typed).split())
