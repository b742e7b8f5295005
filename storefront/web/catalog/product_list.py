"""Product lists: show category, search and comparison pages, filtered by their URL alone."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from markupsafe import Markup

from catalog.attributes.families import FamilyKind
from catalog.custom_attributes.registry import in_language
from catalog.models import Category, Listing, ProductCard, Spec
from catalog.models.families import cached_families
from catalog.products.alternatives import find_discontinued
from catalog.search import product_list, query_parser
from catalog.search.cards import CARD_COLUMNS, ProductCardRow
from catalog.search.custom_facets import custom_facets
from catalog.search.detail_facets import DETAIL_FACETS, DetailFacet
from catalog.search.facets import Facet
from catalog.search.filters import DYNAMIC_CHOICES, SORTS, ProductFilter, is_custom
from storefront.lib.money import Money
from storefront.web.catalog.product_card import availability_for
from storefront.web.catalog.product_title import product_title
from storefront.web.core import formats, visit_counts
from storefront.web.core.guarantees import shown_guarantees
from storefront.web.core.labels import label_for
from storefront.web.core.page_cache import cache_page
from storefront.web.core.visit import Visit, visit

MAX_COMPARED = 4
# The only facets of batteries, chargers and accessories.
GEAR_FACETS = frozenset({"price", "brand", "weight", "power", "color", "origin"})
LIGHT_SORTS = frozenset({"lumens", "beam", "runtime"})  # sort orders that only lights have


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """An active filter, and the URL without it."""

    text: str
    url: str


@require_safe
@cache_page
def category(request: HttpRequest, slug: str) -> HttpResponse:
    here = visit(request)
    category = next((row for row in here.categories if row.slug == slug), None)
    if category is None:
        raise Http404
    requested = ProductFilter.from_params(request.GET, slug, custom=custom_facets())
    return _list(request, here, requested, category)


@require_safe
@cache_page
def search(request: HttpRequest) -> HttpResponse:
    requested = ProductFilter.from_params(request.GET, custom=custom_facets())
    return _list(request, visit(request), requested, None)


def _is_plain(query: ProductFilter) -> bool:
    """Return whether a list is the first page of a search by words alone."""
    return query.page == 1 and not any(code != "search_text" for code, _value in query.chosen())


@require_safe
@cache_page
def compare(request: HttpRequest) -> HttpResponse:
    """Compare up to four products, named in the URL."""
    here, now = visit(request), timezone.now()
    slugs = list(dict.fromkeys(slug for slug in request.GET.getlist("light") if slug))
    cards = ProductCard.objects.filter(channel=here.channel, slug__in=slugs[:MAX_COMPARED])
    rows = [ProductCardRow(*row) for row in cards.values_list(*CARD_COLUMNS)]
    by_slug = {light.slug: light for light in rows}
    lights = [by_slug[slug] for slug in slugs if slug in by_slug]
    shown = [light.variant_id for light in lights]
    listings = Listing.objects.on(here.channel).filter(variant__in=shown)
    address = reverse("compare")
    return render(
        request,
        "web/catalog/compare.html",
        {
            "lights": lights,
            "specs": Spec.objects.in_bulk(
                [light.product_id for light in lights], field_name="product_id"
            ),
            "listings": dict(listings.values_list("variant_id", "pk")),
            "without": {
                light.slug: f"{address}?{urlencode({'light': others}, doseq=True)}"
                for light in lights
                if (others := [other.slug for other in lights if other is not light])
            },
            "guarantees": shown_guarantees([light.product_id for light in lights]),
            "is_cut": len(slugs) > MAX_COMPARED,
            "answers": availability_for(
                lights, country=here.country, channel=here.channel, now=now
            ),
        },
        status=200 if lights or not slugs else 404,
    )


def _list(
    request: HttpRequest, here: Visit, requested: ProductFilter, category: Category | None
) -> HttpResponse:
    now = timezone.now()
    page = product_list.load_page(
        channel=here.channel, query=requested, country=here.country, now=now, category=category
    )
    query = page.query
    # uncached, so that edits of the template show
    render_facet = _facet.__wrapped__ if settings.DEBUG else _facet
    lights = cached_families().of_kind(FamilyKind.LIGHT)
    is_gear = category is not None and not lights & set(category.families)
    context = {
        "page": page,
        "facets": [
            render_facet(facet, here.channel.currency, here.language)
            for facet in page.facets
            if _narrows(facet)
            and (
                not is_gear
                or facet.code in GEAR_FACETS
                or _is_detail(facet.code)
                or facet.is_active
            )
        ],
        "is_gear": is_gear,
        "category": category,
        "query": query,
        "ignored": requested.ignored,
        "sorts": [
            sort for sort in SORTS if not is_gear or sort not in LIGHT_SORTS or sort == query.sort
        ],
        "chips": [
            Chip(
                text=chip_text(query, code, value, here),
                url=_url_of(request, query.without(code, value)),
            )
            for code, value in query.chosen()
            if code != "search_text"
        ],
        "wider": [
            Chip(
                text=_wider_text(query, code, count, here.language),
                url=_url_of(request, query.without(code)),
            )
            for code, count in page.without.items()
            if count and not page.total
        ],
        "clear_url": _url_of(request, ProductFilter(search_text=query.search_text)),
        "next_url": _page(request, query, page.pages, 1),
        "back_url": _page(request, query, page.pages, -1),
        "answers": availability_for(
            page.cards, country=here.country, channel=here.channel, now=now
        ),
        "search_text": requested.search_text,
        "discontinued": None if category else _discontinued(requested.search_text, page),
        "is_wordless": query_parser.is_wordless(requested),
    }
    is_part = request.htmx.request_type == "partial"  # type: ignore[attr-defined]
    template = (
        "web/catalog/product_list_partial.html" if is_part else "web/catalog/product_list.html"
    )
    response = render(request, template, context, status=400 if requested.ignored else 200)
    if requested.search_text and not page.total and _is_plain(requested):
        visit_counts.mark(response, visit_counts.empty_search(requested.search_text))
    return response


def _discontinued(text: str, page: product_list.ProductListPage) -> tuple[str, str] | None:
    """Return title and URL of a product that is no longer sold, if the text is its number."""
    if not text or (page.total and not page.corrected and not page.dropped):
        return None
    product = find_discontinued(text)
    if product is None:
        return None
    return product_title(product), reverse("product", args=[product.slug])


@lru_cache(maxsize=1024)
def _facet(facet: Facet, currency: str, language: str) -> Markup:
    """Return the inputs of a facet as HTML in the active language; cached by content."""
    env = engines["jinja"].env  # type: ignore[attr-defined]
    custom, code = facet.custom, facet.code
    context = {
        "facet": facet,
        "name": facet_label(code, custom, language),
        "unit": currency if code == "price" else _unit(code, custom) if facet.has_range else "",
        "labels": [
            (choice, value_label(code, choice.value, language, custom)) for choice in facet.choices
        ],
    }
    return Markup(env.get_template("web/catalog/facet.html").render(context))  # noqa: S704 - escaped by the template


def _narrows(facet: Facet) -> bool:
    """Return whether to offer a facet: a single brand, origin or detail would filter nothing."""
    if _is_detail(facet.code) and not facet.is_active:
        stated = sum(choice.count > 0 for choice in facet.choices)
        return stated > 1 or facet.low != facet.high
    return facet.code not in DYNAMIC_CHOICES or len(facet.choices) > 1 or facet.is_active


def _is_detail(code: str) -> bool:
    return code in DETAIL_FACETS or is_custom(code)


def facet_label(code: str, custom: DetailFacet | None, language: str) -> str:
    """Return the label of a facet; ``custom`` is that of a custom attribute."""
    if custom:
        return in_language(custom.names, language) or custom.column
    return label_for(code, "facet")


def _unit(code: str, custom: DetailFacet | None) -> str:
    return custom.unit if custom else label_for(code, "unit")


def value_label(code: str, value: str, language: str, custom: DetailFacet | None = None) -> str:
    """Return the label of one value of a facet."""
    if custom:
        return _custom_value_label(custom, value, language)
    if code == "brand":
        return value
    return formats.country(value, language) if code == "origin" else label_for(value, code)


def _custom_value_label(custom: DetailFacet, value: str, language: str) -> str:
    if custom.value_names:
        names = dict(zip(custom.values, custom.value_names, strict=True))
        return in_language(names[value], language) or value
    return _("yes") if value == "yes" else _("no")


def chip_text(query: ProductFilter, code: str, value: str, here: Visit) -> str:
    """Return the label of an active filter."""
    if code == "in_stock":
        return _("In stock")
    custom = dict(query.custom).get(code)
    facet = facet_label(code, custom, here.language)
    if value == "unknown":
        return _("%(facet)s not stated") % {"facet": facet}
    if value != "range":
        label = value_label(code, value, here.language, custom)
        label = f"{facet}: {label}" if custom else label
        return _("Ships from %(country)s") % {"country": label} if code == "origin" else label
    return _range_text(
        facet,
        *(
            None if end is None else _amount(code, end, here, custom)
            for end in query.range_of(code)
        ),
    )


def _range_text(facet: str, low: str | None, high: str | None) -> str:
    if low is None:
        return _("%(facet)s up to %(high)s") % {"facet": facet, "high": high}
    if high is None:
        return _("%(facet)s from %(low)s") % {"facet": facet, "low": low}
    return _("%(facet)s %(low)s to %(high)s") % {"facet": facet, "low": low, "high": high}


def _amount(code: str, number: Decimal, here: Visit, custom: DetailFacet | None) -> str:
    if code == "price":
        return formats.money(Money(number, here.channel.currency), here.language)
    return f"{formats.number(number.normalize(), here.language)} {_unit(code, custom)}".strip()


def _wider_text(query: ProductFilter, code: str, count: int, language: str) -> str:
    if code == "search_text":
        return _("Without the search words: %(count)d") % {"count": count}
    custom = dict(query.custom).get(code)
    label = _("In stock") if code == "in_stock" else facet_label(code, custom, language)
    return _("Without the filter “%(filter)s”: %(count)d") % {"filter": label, "count": count}


def _url_of(request: HttpRequest, query: ProductFilter) -> str:
    params = urlencode(query.to_params())
    return f"{request.path}?{params}" if params else request.path


def _page(request: HttpRequest, query: ProductFilter, pages: int, step: int) -> str:
    """Return the URL of a neighboring page, or "" beyond the ends."""
    number = query.page + step
    if not 1 <= number <= pages:
        return ""
    params = [pair for pair in query.to_params() if pair[0] != "page"]
    if number > 1:
        params.append(("page", str(number)))
    return f"{request.path}?{urlencode(params)}" if params else request.path
