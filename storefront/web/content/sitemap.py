"""Sitemap: list all public pages of a market in each of its languages, write robots.txt."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from catalog.markets.middleware import request_market
from catalog.markets.registry import load_markets
from catalog.models import Category, ProductCard
from storefront.web.content.pages import PAGES
from storefront.web.core.visit import visit

SITEMAP_LIMIT = 20_000


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """List the private pages and the sitemap of each market of the host."""
    here, private = request_market(request), ("cart", "checkout", "orders")
    markets = [market for market in load_markets() if here and market.host == here.host]
    closed = [
        f"Disallow: {market.prefix}{code}/{name}/"
        for market in markets
        for code in market.languages
        for name in private
    ]
    lines = ["User-agent: *", *closed, "Disallow: /admin/", "Disallow: /api/"]
    lines += ["", *(f"Sitemap: {market.url}/sitemap.xml" for market in markets), ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """List all public pages of the market, each with its translations."""
    market = visit(request).market
    slugs = ProductCard.objects.filter(channel__code=market.code).order_by("id")
    names = [("home", ()), *(("page", (name,)) for name in PAGES)]
    names += [("category", (slug,)) for slug in Category.objects.values_list("slug", flat=True)]
    names += [("product", (slug,)) for slug in slugs.values_list("slug", flat=True)[:SITEMAP_LIMIT]]
    pages = []
    for name, args in names:
        translations = []
        for code in market.languages:
            with override(code):
                translations.append((code, market.origin + reverse(name, args=args)))
        pages.append(translations)
    return render(
        request, "web/content/sitemap.xml", {"pages": pages}, content_type="application/xml"
    )
