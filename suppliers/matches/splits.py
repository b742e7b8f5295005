"""Splits: separate offers or variants that are another item, and undo it.

Chosen offers of a variant become a new product, a new variant of the same product, or offers of an
existing variant. Chosen variants of a product become a new product. Identifiers and images that
belong to them are chosen by staff. A new product is a draft: staff complete and publish it.

Links of moved offers are locked, so that no import reverts a split. If all SKUs of a supplier's page
move, the page describes the new product; else the page still describes the old one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext

from catalog.attributes.identifiers import option_keys
from catalog.models import Identifier, Image, Product, Variant
from catalog.products import creation
from catalog.products.variant_edits import LOCKABLE_FIELDS
from catalog.readiness import lifecycle
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from suppliers.matches import locks, merges
from suppliers.matches.journal import CHANGED_SINCE, Journal
from suppliers.matches.locks import OrderCheck
from suppliers.models import MatchDecision, PendingPublication, SupplierOffer, SupplierProduct
from suppliers.offers.overrides import OverrideError

State, Scheme = Identifier.State, Identifier.Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where split offers go: a new product with a title, a variant with options, or a variant."""

    title: str = ""
    option_values: Sequence[str] = ()
    variant: Variant | None = None


@transaction.atomic(durable=True)
def split_offers(  # noqa: PLR0913 - what moves, to what, who and when
    *,
    variant: Variant,
    offers: Collection[int],
    target: Target,
    identifiers: Collection[int] = (),
    images: Collection[int] = (),
    is_redirected: bool = False,
    actor: str,
    now: datetime,
    check_orders: OrderCheck,
) -> MatchDecision:
    """Separate offers of a variant, which are another item.

    Shape: ``identifiers`` and ``images`` are ids of rows of the variant and of its product that go
        along; ``is_redirected``: no offer remains, so the product is archived and its page redirects to
        the other product
    Locks: the variants, then the offers, then their stock, each in id order
    Raises: OverrideError  open orders need the offers, or the target does not fit
    """
    set_change_source("split", actor=actor)
    rows = locks.lock_variants([variant.pk, *([target.variant.pk] if target.variant else [])])
    origin = rows[variant.pk]
    moved = locks.lock_offers(SupplierOffer.objects.filter(pk__in=offers))
    check_orders(offers=[offer.pk for offer in moved])
    if not moved or any(offer.variant_id != origin.pk for offer in moved):
        raise OverrideError(gettext("Choose offers of this variant."))
    changes = Journal()
    goal = rows[target.variant.pk] if target.variant else _create_variant(origin, target)
    is_made = target.variant is None
    if goal.pk == origin.pk:
        raise OverrideError(gettext("Choose a different variant."))
    if not is_made:
        locks.require_for_sale(goal)
    locks.require_one_offer_per_supplier(goal, moved)
    merges.move_offers(changes, moved, goal, now=now)
    _move_supplier_skus(changes, origin, goal, moved, is_described=is_made and bool(target.title))
    _move_identifiers(changes, origin, goal, identifiers)
    chosen = Image.objects.filter(pk__in=images, product=origin.product_id)
    if goal.product_id == origin.product_id:
        changes.set(chosen, is_strict=False, variant_id=goal.pk)
    else:
        _move_images(changes, chosen, goal.product, variant_id=goal.pk)
    if is_redirected:
        _retire(changes, origin, goal, actor=actor, now=now)
    PendingPublication.queue([origin.pk, goal.pk])
    made = [goal.pk] if is_made else []
    return changes.decide(
        MatchDecision.Kind.SPLIT, origin, goal, actor=actor, now=now, made=made, product=None
    )


@transaction.atomic(durable=True)
def split_variants(  # noqa: PLR0913 - what moves, to what, who and when
    *,
    product: Product,
    variants: Collection[int],
    title: str,
    images: Collection[int] = (),
    actor: str,
    now: datetime,
    check_orders: OrderCheck,
) -> MatchDecision:
    """Move variants of a product to a new product, which is a draft; their images move, too.

    Locks: the variants of the product, then the offers of the moved ones, then their stock
    Raises: OverrideError  open orders contain them, or no variant would remain
    """
    set_change_source("split", actor=actor)
    of_product = Variant.objects.filter(product=product.pk).order_by("pk")
    rows = locks.lock_variants(of_product.values_list("pk", flat=True))
    moved = [row for row in rows.values() if row.pk in {*variants}]
    rest = [row for row in rows.values() if row.pk not in {*variants}]
    if not moved or not rest:
        raise OverrideError(
            gettext("Choose some of the variants: at least one moves, at least one remains.")
        )
    offers = locks.lock_offers(SupplierOffer.objects.filter(variant__in=moved))
    check_orders(variants=[row.pk for row in moved], offers=[offer.pk for offer in offers])
    changes = Journal()
    old = rest[0].product
    made = _create_product(old, title)
    changes.extend(offers, "overridden_fields", SupplierOffer.LINK)
    whole = _whole_pages(offers, of_product=old)
    partial = [row for row in moved if not _are_of_pages(offers, row, whole)]
    merges.delete_supplier_skus(changes, partial)
    changes.set(moved, product_id=made.pk)
    own = Image.objects.filter(product=old).filter(Q(variant__in=moved) | Q(pk__in=images))
    _move_images(changes, own, made)
    PendingPublication.queue([*rows])
    return changes.decide(
        MatchDecision.Kind.SPLIT, rest[0], moved[0], actor=actor, now=now, made=[], product=made.pk
    )


# New products and variants


@requires_transaction
def _create_variant(origin: Variant, target: Target) -> Variant:
    """Return a new variant of a new product, or of the same one. Shipping data are copied."""
    copied: dict[str, Any] = {name: getattr(origin, name) for name in LOCKABLE_FIELDS}
    if target.title:
        product = _create_product(origin.product, target.title)
        new = Variant(product=product, **copied)
    else:
        values = [str(value).strip() for value in target.option_values]
        names = origin.product.option_names
        if not names or len(values) != len(names) or not all(values):
            raise OverrideError(gettext("Enter a value for each option of the product."))
        same = {option_keys(row.option_values) for row in origin.product.variants.all()}
        if option_keys(values) in same:
            raise OverrideError(gettext("Another variant has these options."))
        new = Variant(product=origin.product, **{**copied, "option_values": values, "color": ""})
        new.overridden_fields = ["option_values"]
    creation.create_variant(new)
    return new


@requires_transaction
def _create_product(like: Product, title: str) -> Product:
    """Return a new draft with the brand, category and family of another product."""
    product = Product(
        title=title.strip()[:150],
        category_id=like.category_id,
        family=like.family,
        option_names=like.option_names,
    )
    creation.create_draft(product, brand=like.brand)
    product.overridden_fields = ["title"]  # its supplier may describe the rest
    product.save(update_fields=["overridden_fields"])
    return product


# What moves


@requires_transaction
def _move_supplier_skus(
    changes: Journal,
    origin: Variant,
    goal: Variant,
    offers: Sequence[SupplierOffer],
    *,
    is_described: bool,
) -> None:
    """Move the supplier SKUs of offers if their page describes the new product, else delete them."""
    whole = _whole_pages(offers, of_product=origin.product)
    for offer in offers:
        value = f"{offer.supplier.code}:{offer.supplier_sku}"[:160]
        rows = Identifier.objects.filter(scheme=Scheme.SUPPLIER, value=value, variant=origin)
        changes.keep(rows)
        rows.delete()
        page = offer.supplier_id, offer.product_external_id
        if is_described and page in whole:
            taken = Identifier.objects.filter(scheme=Scheme.SUPPLIER, value=value)
            if not taken.exclude(state=State.CONFLICT).exists():
                sku = Identifier(
                    variant=goal, scheme=Scheme.SUPPLIER, value=value, raw=offer.supplier_sku
                )
                changes.add(sku)
    for supplier_id, external_id in whole:
        SupplierProduct.objects.filter(supplier=supplier_id, external_id=external_id).update(
            list_digest="", detail_digest="", cost_digest=""
        )


def _whole_pages(moved: Sequence[SupplierOffer], *, of_product: Product) -> set[tuple[int, str]]:
    """Return the suppliers' pages of which no SKU remains at the product."""
    pages = {(offer.supplier_id, offer.product_external_id) for offer in moved}
    left = SupplierOffer.objects.filter(
        variant__product=of_product,
        product_external_id__in=[external_id for _supplier, external_id in pages],
    ).exclude(pk__in=[offer.pk for offer in moved])
    return pages - {*left.values_list("supplier", "product_external_id")}


def _are_of_pages(
    offers: Sequence[SupplierOffer], variant: Variant, pages: set[tuple[int, str]]
) -> bool:
    own = [offer for offer in offers if offer.variant_id == variant.pk]
    return all((offer.supplier_id, offer.product_external_id) in pages for offer in own)


@requires_transaction
def _move_identifiers(
    changes: Journal, origin: Variant, goal: Variant, chosen: Collection[int]
) -> None:
    """Move the chosen GTINs and part numbers; they become verified, so that no import drops them."""
    rows = origin.identifiers.filter(pk__in=chosen).exclude(scheme=Scheme.SUPPLIER)
    own = {*goal.identifiers.values_list("scheme", "value")}
    changes.keep(rows, moves_to=goal.pk)
    for row in list(rows):
        if (row.scheme, row.value) in own:
            row.delete()
            continue
        row.variant = goal
        if row.state == State.ASSERTED:
            row.state = State.VERIFIED
        row.save(update_fields=["variant", "state"])


@requires_transaction
def _move_images(changes: Journal, images: Any, product: Product, **values: Any) -> None:
    last = product.images.aggregate(last=Max("position"))["last"]
    taken = product.images.values("source_url")
    rows = list(images.exclude(source_url__in=taken).order_by("position", "pk"))
    for position, row in enumerate(rows, start=0 if last is None else last + 1):
        changes.set([row], is_strict=False, product_id=product.pk, position=position, **values)


@requires_transaction
def _retire(changes: Journal, origin: Variant, goal: Variant, *, actor: str, now: datetime) -> None:
    """Discontinue a variant without offers, and redirect the page of its product.

    Raises: OverrideError  the product is still offered
    """
    listed = SupplierOffer.objects.filter(variant__product=origin.product_id)
    if listed.exclude(status=SupplierOffer.Status.DISCONTINUED).exists():
        raise OverrideError(
            gettext(
                "Suppliers still offer the old product, so its page cannot redirect. Clear “Redirect the old page”."
            )
        )
    if goal.product_id == origin.product_id:
        raise OverrideError(
            gettext(
                "Both variants are on the same page, so it cannot redirect. Clear “Redirect the old page”."
            )
        )
    rows = Variant.objects.filter(merges.IN_PRODUCTION, product=origin.product_id)
    changes.set(rows, status=Variant.Status.DISCONTINUED, replaced_by_id=goal.pk)
    merges.archive(changes, origin.product, redirects_to=goal.product, actor=actor, now=now)


# Undo


@requires_transaction
def undo(row: MatchDecision, *, actor: str, now: datetime, check_orders: OrderCheck) -> None:
    """Restore what a split moved. What it created is discontinued, and its page redirects back.

    Locks: as ``split_offers``; the caller holds the decision
    Raises: OverrideError  a later decision or edit builds on it, or open orders need the offers
    """
    entries, other = row.before["journal"], row.other
    if other is None:
        raise OverrideError(CHANGED_SINCE)
    check_orders(variants=row.before["made"])
    concerned = [row.variant_id, other.pk, *row.before["made"]]
    merges.lock_rows_of(entries, variants=concerned, check_orders=check_orders, now=now)
    made = other.product
    merges.undo_entries(entries, actor=actor, now=now)
    merges.require_sellable(entries)
    for variant in Variant.objects.filter(pk__in=row.before["made"]):
        if variant.offers.exists():
            raise OverrideError(CHANGED_SINCE)
        variant.identifiers.all().delete()
        Variant.objects.filter(pk=variant.pk).update(
            status=Variant.Status.DISCONTINUED, replaced_by=row.variant
        )
    is_new = row.before["product"] == made.pk or row.before["made"]
    if is_new and made.pk != row.variant.product_id:
        if Variant.objects.filter(merges.IN_PRODUCTION, product=made.pk).exists():
            raise OverrideError(CHANGED_SINCE)
        archived = Product.Status.ARCHIVED
        lifecycle.record_statuses({made.pk: made.status}, to=archived, actor=actor, now=now)
        Product.objects.filter(pk=made.pk).update(
            status=archived, redirects_to=row.variant.product_id
        )
