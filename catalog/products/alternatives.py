"""Alternatives: find products to offer in place of an unavailable product."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from catalog.attributes.families import FamilyKind
from catalog.attributes.identifiers import InvalidGtinError, gtin14, number_key
from catalog.models import Category, Channel, Identifier, Listing, Product, Spec, Variant
from catalog.models.families import cached_families
from catalog.models.listings import STALE_AFTER
from catalog.products.detail import ProductView
from catalog.search import card_index
from catalog.search.cards import ProductCardRow, select_cards
from storefront.lib.db import indexed_search

ALTERNATIVES = 4
MAX_COMPARED = 200  # best-scored cards whose prices are compared
MAX_SUCCESSORS = 5  # length of a chain of successors
_DISCONTINUED = Variant.Status.DISCONTINUED


@dataclass(frozen=True, slots=True, kw_only=True)
class UnavailableProduct:
    """A product that is not for sale now.

    ``is_gone``: it is archived, or every variant is discontinued. ``is_being_priced``: a supplier's
    cost is known, but no price is set yet. ``successor``: the product that replaces it.
    """

    id: int
    title: str
    titles: Mapping[str, str]
    family: str
    category: Category
    spec: Spec | None
    is_gone: bool
    is_being_priced: bool
    successor: Product | None


def find_unavailable(*, channel: Channel, slug: str) -> UnavailableProduct | None:
    """Return a product by its slug that is or was live. For products that are not for sale."""
    shown = Product.objects.filter(status__in=[Product.Status.LIVE, Product.Status.ARCHIVED])
    product = shown.select_related("category", "spec").filter(slug=slug.replace("\0", "")).first()
    if product is None:
        return None
    unpriced = Listing.objects.on(channel).filter(
        variant__product=product,
        price_amount=None,
        wholesale_amount__isnull=False,
        is_delisted=False,
    )
    in_production = product.variants.exclude(status=_DISCONTINUED)
    is_gone = product.status == Product.Status.ARCHIVED or not in_production.exists()
    is_being_priced = not is_gone and unpriced.filter(variant__in=in_production).exists()
    return UnavailableProduct(
        id=product.pk,
        title=product.shown_title,
        titles=product.titles,
        family=product.family,
        category=product.category,
        spec=getattr(product, "spec", None),
        is_gone=is_gone,
        is_being_priced=is_being_priced,
        successor=_find_successor(product),
    )


def find_discontinued(text: str) -> Product | None:
    """Return the product that is no longer sold and has this part number, GTIN or SKU."""
    key, identifiers = number_key(text), Identifier.objects.exclude(state=Identifier.State.CONFLICT)
    named = indexed_search.equal_to(Variant.objects.filter(sku=text.strip().upper()))
    if key:
        mpns = identifiers.filter(scheme=Identifier.Scheme.MPN)
        named += indexed_search.ending_with(mpns, "value", f":{key}", pk="variant")
    with suppress(InvalidGtinError):
        gtins = identifiers.filter(scheme=Identifier.Scheme.GTIN, value=gtin14(text))
        named += indexed_search.equal_to(gtins, pk="variant")
    variants = indexed_search.find(named)
    in_production = Variant.objects.filter(product=OuterRef("pk")).exclude(status=_DISCONTINUED)
    return (
        Product.objects.filter(
            Q(status=Product.Status.ARCHIVED)
            | Q(Q(status=Product.Status.LIVE), ~Exists(in_production)),
            variants__in=variants.all(),
        )
        .order_by("pk")
        .first()
        if variants
        else None
    )


def find_redirect(product_id: int) -> str:
    """Return the slug of the product to which the page of an archived one redirects.

    Follows chains of merges; empty if none of them ends at a live product.
    """
    seen: set[int] = set()
    following: int | None = product_id
    while following is not None and following not in seen:
        seen.add(following)
        product = Product.objects.filter(pk=following).values("slug", "status", "redirects_to")
        row = product.first()
        if row is None or (following == product_id and row["status"] != Product.Status.ARCHIVED):
            return ""
        if row["status"] == Product.Status.LIVE:
            return str(row["slug"])
        following = row["redirects_to"]
    return ""


def _find_successor(product: Product) -> Product | None:
    """Follow the successors of the variants to the first product that is in production.

    None if the chain ends before, or leads back to a product in it.
    """
    seen = {product.pk}
    for _step in range(MAX_SUCCESSORS):
        following = Product.objects.filter(
            status=Product.Status.LIVE, variants__replaces__product=product
        ).exclude(pk__in=seen)
        current = Variant.objects.filter(product=OuterRef("pk")).exclude(status=_DISCONTINUED)
        ordered = following.annotate(is_current=Exists(current)).order_by("-is_current", "pk")
        found = ordered.first()
        if found is None or found.is_current:
            return found
        product = found
        seen.add(found.pk)
    return None


def find_alternatives(
    light: ProductView | UnavailableProduct,
    *,
    channel: Channel,
    country: str,
    now: datetime,
    price: Decimal | None = None,
) -> list[ProductCardRow]:
    """Return cards of the same family that ship to a country, nearest in price first.

    For a battery, batteries of the same format come first: others do not fit.
    """
    cell = light.spec.battery_format if light.spec else ""
    with card_index.locked_index(channel.pk) as index:
        similar = index.cards_with("category", light.category.pk)
        similar = similar & index.cards_with("family", light.family)
        similar = similar & index.in_stock(country=country, fresh_since=now - STALE_AFTER)
        best = index.best(similar, size=MAX_COMPARED)
    nearest = select_cards(
        best,
        list(cached_families().of_kind(FamilyKind.BATTERY)),
        cell,
        price,
        order="(family = ANY(%s) AND battery_format <> %s), abs(price_amount - %s::numeric), place"
        f" LIMIT {ALTERNATIVES + 1}",
    )
    return [card for card in nearest if card.product_id != light.id][:ALTERNATIVES]
