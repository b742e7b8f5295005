"""Sitemap: list all public pages in each language, write robots.txt."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from catalog.models import Category, ProductCard
from storefront.web.content.pages import PAGES
from storefront.web.core.visit import CHANNEL_CODE

SITEMAP_LIMIT = 20_000


@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    private = ("cart", "checkout", "orders")
    closed = [f"Disallow: /{code}/{name}/" for code, _ in settings.LANGUAGES for name in private]
    lines = ["User-agent: *", *closed, "Disallow: /admin/", "Disallow: /api/"]
    lines += ["", f"Sitemap: {settings.PUBLIC_URL}/sitemap.xml", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """List all public pages, each with its translations."""
    slugs = ProductCard.objects.filter(channel__code=CHANNEL_CODE).order_by("id")
    names = [("home", ()), *(("page", (name,)) for name in PAGES)]
    names += [("category", (slug,)) for slug in Category.objects.values_list("slug", flat=True)]
    names += [("product", (slug,)) for slug in slugs.values_list("slug", flat=True)[:SITEMAP_LIMIT]]
    pages = []
    for name, args in names:
        translations = []
        for code, _language in settings.LANGUAGES:
            with override(code):
                translations.append((code, settings.PUBLIC_URL + reverse(name, args=args)))
        pages.append(translations)
    return render(
        request, "web/content/sitemap.xml", {"pages": pages}, content_type="application/xml"
    )
