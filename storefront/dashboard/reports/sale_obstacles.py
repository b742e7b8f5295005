"""Sale obstacles page: list, per variant and channel, what stops the sale and where to fix it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from catalog.listings.completeness import missing_for_sale
from catalog.models import Channel, Listing, PriceHold, Product, Variant
from catalog.readiness.subjects import label_of_subject, page_of_subject
from orders.routing import stock_query
from orders.routing.stock_query import AssessedStock
from storefront.dashboard import staff_page
from storefront.dashboard.reports.offer_comparison import REASONS
from storefront.lib.staff.columns import row_url
from suppliers.inventory.availability import UnavailableReason
from suppliers.models.compliance import Requirement

STATUSES: Mapping[str, str | Promise] = {
    Product.Status.DRAFT: _("The product is a draft. Submit it for review."),
    Product.Status.IN_REVIEW: _("The product is in review. Approve it."),
    Product.Status.READY: _("The product is ready, but not published. Publish it."),
    Product.Status.ARCHIVED: _("The product is archived. Return it to draft first."),
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason in words, with the page that fixes it, if any."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One variant on one channel; without obstacles it is for sale."""

    variant: Variant
    channel: Channel
    available: int
    obstacles: list[Obstacle]


@require_safe
def show(request: HttpRequest, product_id: int) -> HttpResponse:
    staff_page.require(request, "catalog.view_product", "suppliers.view_supplieroffer")
    products = Product.objects.select_related("spec", "brand", "category")
    product = get_object_or_404(products, pk=product_id)
    return staff_page.render(
        request,
        "dashboard/reports/sale_obstacles.html",
        title=gettext("Why is it not for sale?"),
        product=product,
        rows=list(find_rows(product, now=timezone.now())),
    )


def find_rows(product: Product, *, now: datetime) -> Iterator[Row]:
    """Yield each variant on each channel with every obstacle of its sale."""
    variants = list(product.variants.order_by("position", "pk"))
    ids = [variant.pk for variant in variants]
    listings = {
        (one.variant_id, one.channel_id): one for one in Listing.objects.filter(variant__in=ids)
    }
    held = PriceHold.objects.filter(listing__variant__in=ids, status=PriceHold.Status.OPEN)
    holds = {hold.listing_id: hold for hold in held}
    for channel in Channel.objects.order_by("pk"):
        stock: dict[int | None, list[AssessedStock]] = {}
        assessed = stock_query.assess(
            variant_ids=ids, channel=channel, country=channel.default_country, now=now
        )
        for source in assessed:
            stock.setdefault(source.level.offer.variant_id, []).append(source)
        for variant in variants:
            variant.product = product
            listing = listings.get((variant.pk, channel.pk))
            obstacles = [
                *_of_product(variant, listing),
                *_of_listing(listing, holds.get(listing.pk) if listing else None),
                *_of_stock(variant, stock.get(variant.pk, [])),
            ]
            available = listing.available if listing else 0
            if not obstacles and not (listing and listing.is_published and available):
                text = gettext(
                    "The listing is being refreshed, or no shipping service reaches a country of"
                    " this channel."
                )
                link = reverse("supply:offers", args=[variant.pk])
                obstacles = [Obstacle(text, link)]
            yield Row(variant, channel, available, obstacles)


def _of_product(variant: Variant, listing: Listing | None) -> Iterator[Obstacle]:
    product = variant.product
    page = _page(product)
    if text := STATUSES.get(product.status):
        yield Obstacle(str(text), page)
    if variant.status == Variant.Status.DISCONTINUED:
        yield Obstacle(gettext("The variant is discontinued."), _page(variant))
    has_price = listing is not None and listing.price_amount is not None
    for code in missing_for_sale(variant, has_price=has_price):
        anchor = page_of_subject(code)
        text = gettext("Missing: %(name)s") % {"name": label_of_subject(code)}
        own = {"listings": _page(listing), "variants-group": _page(variant)}
        yield Obstacle(text, own.get(anchor, f"{page}#{anchor}"))


def _of_listing(listing: Listing | None, hold: PriceHold | None) -> Iterator[Obstacle]:
    if listing is None:
        yield Obstacle(gettext("There is no listing yet: no offer with a cost is linked."))
    elif listing.is_delisted:
        yield Obstacle(gettext("Staff unpublished the listing. Publish it again."), _page(listing))
    if listing and hold and (hold.is_off_sale or listing.price_amount is None):
        yield Obstacle(gettext("A price waits for approval."), _page(hold))


def _of_stock(variant: Variant, stock: Sequence[AssessedStock]) -> Iterator[Obstacle]:
    """Yield why no stock row is for sale; nothing if one is."""
    if not stock:
        text = gettext("No supplier reports stock of this variant.")
        yield Obstacle(text, reverse("supply:offers", args=[variant.pk]))
    if any(not source.reasons for source in stock):
        return
    for source in stock:
        offer = source.level.offer
        for reason in source.reasons:
            words = str(REASONS[reason]) % {
                "lacks": Requirement.labels_of(offer.missing_certificates)
            }
            text = f"{offer.supplier.name}, {source.level.location.code}: {words}"
            is_of_supplier = reason == UnavailableReason.SUPPLIER
            yield Obstacle(text, _page(offer.supplier if is_of_supplier else offer))


def _page(row: models.Model | None) -> str:
    return row_url(row) if row else ""
