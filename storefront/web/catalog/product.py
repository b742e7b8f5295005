"""Product page: show pictures, specifications, charts, price, availability and delivery."""

from datetime import date, datetime
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import Product, ProductDocument, ProductGuarantee
from catalog.products import detail_query
from catalog.products.alternatives import find_alternatives, find_redirect, find_unavailable
from catalog.products.detail import VariantView
from catalog.safety import documents
from orders.models.cart import MAX_QUANTITY
from shipping.availability import availability
from shipping.availability.reach import Availability
from storefront.web.catalog import structured_data
from storefront.web.catalog.product_card import availability_for
from storefront.web.catalog.product_parts import product_parts
from storefront.web.core import visit_counts
from storefront.web.core.guarantees import shown_guarantees
from storefront.web.core.market_links import markets_with
from storefront.web.core.page_cache import cache_page
from storefront.web.core.visit import Visit, visit
from suppliers.inventory import stock_rows


@require_safe
@cache_page
def product(request: HttpRequest, slug: str) -> HttpResponse:
    page = show(request, slug=slug, sku=request.GET.get("v", ""))
    is_part = request.htmx.request_type == "partial"  # type: ignore[attr-defined]
    if page.status_code == HTTPStatus.OK and not is_part:
        visit_counts.mark(page, visit_counts.PRODUCT_VIEW)
    return page


def show(
    request: HttpRequest,
    *,
    slug: str,
    sku: str = "",
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Render a product page, with the error ``problem`` above the button, if any.

    The variant is chosen by ``sku``, or by the id of its listing: without JavaScript a form
    sends ``?listing=``.
    """
    here, now = visit(request), timezone.now()
    light = detail_query.load_product(
        channel=here.channel,
        slug=slug,
        now=now,
        stock_column=stock_rows.column_of(variant="variant.id", now="$5"),
    )
    if light is None:
        return _unavailable(request, here, slug, now)
    listing = request.GET.get("listing", "")
    named = (each for each in light.variants if sku == each.sku or listing == str(each.listing_id))
    chosen = next(named, None) or light.default_variant(now)
    sku = chosen.sku if listing == str(chosen.listing_id) else sku
    supply = availability.check_product_page(
        shown={variant.id: variant for variant in light.variants},
        chosen=chosen.id,
        country=here.country,
        channel=here.channel,
        now=now,
    )
    answer = supply.answer
    alternatives = []
    if chosen.id not in supply.deliverable:
        alternatives = find_alternatives(
            light,
            channel=here.channel,
            country=here.country,
            now=now,
            price=light.price_from.amount,
        )
    context = {
        "light": light,
        "chosen": chosen,
        "is_chosen_by_address": chosen.sku == sku,
        "deliverable": supply.deliverable,
        "sold_out": supply.sold_out,
        "expected_back": _expected_back(chosen, now),
        "alternatives": alternatives,
        "answers": availability_for(
            alternatives, country=here.country, channel=here.channel, now=now
        ),
        "promise": answer.promise,
        "max_per_delivery": _max_per_delivery(chosen, answer),
        "is_restricted": answer.is_restricted,
        "sold_from": None if answer.promise else answer.more,
        "problem": problem,
        "guarantees": shown_guarantees([light.id] if light.guarantee_months else []),
        "parts": product_parts(light, chosen, here.language),
        "json_ld": structured_data.product_json(
            light, chosen, sku=sku, answer=answer, here=here, now=now
        ),
    }
    return render(request, "web/catalog/product.html", context, status=status)


@require_safe
def document(_request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Send a document of a product for sale, if it is visible to customers and not expired.

    Raises: Http404
    """
    shown = ProductDocument.objects.shown(timezone.localdate())
    row = get_object_or_404(shown, pk=pk, product__slug=slug, product__status=Product.Status.LIVE)
    stem = "-".join(filter(None, (slug, row.kind.replace("_", "-"), row.language)))
    try:
        return documents.download(row.file, stem=stem, cache_control="public, max-age=3600")
    except FileNotFoundError as error:
        raise Http404 from error


@require_safe
def guarantee_terms(_request: HttpRequest, slug: str) -> HttpResponse:
    """Send the terms of the guarantee of a product for sale. Raises: Http404."""
    row = get_object_or_404(
        ProductGuarantee, product__slug=slug, product__status=Product.Status.LIVE
    )
    try:
        return documents.download(row.terms_file, stem=f"{slug}-guarantee")
    except FileNotFoundError as error:
        raise Http404 from error


def _unavailable(request: HttpRequest, here: Visit, slug: str, now: datetime) -> HttpResponse:
    """Show why a product is not for sale, and alternatives; 410 if it is no longer sold.

    Redirect from a product that staff merged into another one.
    Raises: Http404: unknown product.
    """
    light = find_unavailable(channel=here.channel, slug=slug)
    if light is None:
        raise Http404
    if light.is_gone and (remaining := find_redirect(light.id)):
        return HttpResponsePermanentRedirect(reverse("product", args=[remaining]))
    alternatives = find_alternatives(light, channel=here.channel, country=here.country, now=now)
    context = {
        "light": light,
        "sold_at": [] if light.is_gone else markets_with(request, here.market, slug=slug),
        "alternatives": alternatives,
        "answers": availability_for(
            alternatives, country=here.country, channel=here.channel, now=now
        ),
    }
    if light.is_gone:
        status = HTTPStatus.GONE
    else:
        status = HTTPStatus.OK if light.is_being_priced else HTTPStatus.NOT_FOUND
    return render(request, "web/catalog/unavailable.html", context, status=status)


def _max_per_delivery(chosen: VariantView, answer: Availability) -> int | None:
    """Return how many units one delivery can have, if stock and the cart allow more."""
    deliverable = answer.most
    return deliverable if 0 < deliverable < min(chosen.available, MAX_QUANTITY) else None


def _expected_back(chosen: VariantView, now: datetime) -> date | None:
    """Return the restock date unless it has passed."""
    restock_on = chosen.restock_on
    return restock_on if restock_on and restock_on >= now.date() else None
