"""Merges: merge a variant into another, or a product into another, and undo it.

The offers and identifiers of a merged variant move to the remaining one. It is discontinued, with the
remaining one as its successor. A product without other variants is archived, and its page redirects; its
guarantee moves to the remaining product, unless that has one.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext

from catalog.attributes.identifiers import option_keys
from catalog.models import Identifier, Image, Product, ProductGuarantee, Variant
from catalog.readiness import lifecycle
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from suppliers.matches import journal, locks
from suppliers.matches.journal import Journal
from suppliers.matches.locks import OrderCheck
from suppliers.models import MatchDecision, PendingPublication, SupplierOffer
from suppliers.offers.overrides import OverrideError

State, Scheme = Identifier.State, Identifier.Scheme
IN_PRODUCTION: Final = Q(status=Variant.Status.ACTIVE) | Q(status=Variant.Status.PHASING_OUT)


@transaction.atomic
def merge(  # noqa: PLR0913 - both variants, what moves, who and when
    *,
    variant: Variant,
    other: Variant,
    with_images: bool = False,
    actor: str,
    now: datetime,
    check_orders: OrderCheck,
) -> MatchDecision:
    """Merge a variant into another one; ``with_images``: its images move, too.

    Locks: the variants, the offers of the merged one, their stock, then the products, each in id order
    Raises: OverrideError  open orders need it, a supplier offers both variants, or the remaining
        one is discontinued
    """
    set_change_source("merge", actor=actor)
    rows = locks.lock_variants([variant.pk, other.pk])
    changes = Journal()
    _merge_pair(changes, rows[variant.pk], rows[other.pk], now=now, check_orders=check_orders)
    _retire_product(
        changes,
        rows[other.pk].product,
        rows[variant.pk].product,
        with_images=with_images,
        actor=actor,
        now=now,
    )
    return changes.decide(
        MatchDecision.Kind.MERGE, rows[variant.pk], rows[other.pk], actor=actor, now=now
    )


@transaction.atomic
def merge_products(  # noqa: PLR0913 - both products, what moves, who and when
    *,
    product: Product,
    other: Product,
    with_images: bool = False,
    actor: str,
    now: datetime,
    check_orders: OrderCheck,
) -> MatchDecision:
    """Merge a product into another one: variants with equal options merge, the others move.

    Locks: as ``merge``
    Raises: OverrideError  as ``merge``, or the variants of both products do not fit together
    """
    if product.pk == other.pk:
        raise OverrideError(gettext("Choose two different products."))
    set_change_source("merge", actor=actor)
    of_both = Variant.objects.filter(product__in=[product.pk, other.pk])
    rows = locks.lock_variants(of_both.values_list("pk", flat=True))
    pairs, moved = _pair_variants(product, other, [*rows.values()])
    changes = Journal()
    for variant, merged in pairs:
        _merge_pair(changes, variant, merged, now=now, check_orders=check_orders)
    if moved:
        check_orders(variants=[row.pk for row in moved])
        _move_variants(changes, moved, product)
    _retire_product(changes, other, product, with_images=with_images, actor=actor, now=now)
    ours = next(row for row in rows.values() if row.product_id == product.pk)
    first, second = pairs[0] if pairs else (ours, moved[0])
    return changes.decide(MatchDecision.Kind.MERGE, first, second, actor=actor, now=now)


def _pair_variants(
    product: Product, other: Product, rows: Sequence[Variant]
) -> tuple[list[tuple[Variant, Variant]], list[Variant]]:
    """Return which variants merge, and which move to the product.

    Raises: OverrideError
    """
    listed = [row for row in rows if row.status != Variant.Status.DISCONTINUED]
    ours = [row for row in listed if row.product_id == product.pk]
    theirs = [row for row in listed if row.product_id == other.pk]
    if not ours or not theirs:
        raise OverrideError(
            gettext("All variants of the product are discontinued. Choose another product.")
        )
    locks.require_for_sale(ours[0])
    if len(ours) == len(theirs) == 1:
        return [(ours[0], theirs[0])], []
    by_options = {_keys(row): row for row in ours}
    pairs = [(by_options[key], row) for row in theirs if (key := _keys(row)) in by_options]
    moved = [row for row in theirs if _keys(row) not in by_options]
    if moved and option_keys(product.option_names) != option_keys(other.option_names):
        raise OverrideError(
            gettext(
                "The options of both products differ, and some variants have no counterpart."
                " Merge the variants one by one."
            )
        )
    if len({ours.pk for ours, _merged in pairs}) < len(pairs):
        raise OverrideError(
            gettext("Several variants have the same options. Merge the variants one by one.")
        )
    return pairs, moved


def _keys(variant: Variant) -> frozenset[str]:
    return option_keys(variant.option_values)


@requires_transaction
def _merge_pair(
    changes: Journal,
    variant: Variant,
    other: Variant,
    *,
    now: datetime,
    check_orders: OrderCheck,
) -> None:
    if variant.pk == other.pk:
        raise OverrideError(gettext("Choose two different products."))
    locks.require_for_sale(variant)
    about_other = SupplierOffer.objects.filter(Q(variant=other) | Q(disputed_variant=other))
    locked = locks.lock_offers(about_other)
    check_orders(variants=[other.pk])
    offers = [offer for offer in locked if offer.variant_id == other.pk]
    locks.require_one_offer_per_supplier(variant, offers)
    move_offers(changes, offers, variant, now=now)
    disputed = [offer for offer in locked if offer.variant_id is None]
    changes.set(disputed, is_strict=False, disputed_variant_id=variant.pk)
    _move_identifiers(changes, other, variant)
    if variant.replaced_by_id == other.pk:
        changes.set([variant], is_strict=False, replaced_by_id=None)
    changes.set([other], status=Variant.Status.DISCONTINUED, replaced_by_id=variant.pk)
    PendingPublication.queue([variant.pk, other.pk])


@requires_transaction
def move_offers(
    changes: Journal, offers: Sequence[SupplierOffer], variant: Variant, *, now: datetime
) -> None:
    """Link locked offers to another variant. No feed changes the links."""
    changes.set(offers, variant_id=variant.pk)
    changes.extend(offers, "overridden_fields", SupplierOffer.LINK)
    SupplierOffer.objects.filter(pk__in=[offer.pk for offer in offers]).update(seen_at=now)


@requires_transaction
def _move_identifiers(changes: Journal, other: Variant, variant: Variant) -> None:
    """Give the identifiers of a merged variant to the one that remains.

    Supplier SKUs are deleted: with them, the next page of that supplier would overwrite the texts of
    the remaining product. The others become verified, so that no import deletes them.
    """
    rows = list(other.identifiers.order_by("pk"))
    names = {(row.scheme, row.value) for row in rows}
    own = [row for row in variant.identifiers.all() if (row.scheme, row.value) in names]
    has = {(row.scheme, row.value) for row in own}
    moved = [
        row.pk
        for row in rows
        if row.scheme != Scheme.SUPPLIER and (row.scheme, row.value) not in has
    ]
    changes.set(
        [row for row in own if row.state == State.ASSERTED],
        is_strict=False,
        state=State.VERIFIED.value,
    )
    changes.keep(rows, moves_to=variant.pk)
    Identifier.objects.filter(pk__in=[row.pk for row in rows if row.pk not in moved]).delete()
    Identifier.objects.filter(pk__in=moved).update(variant=variant)
    Identifier.objects.filter(pk__in=moved, state=State.ASSERTED).update(state=State.VERIFIED)


@requires_transaction
def _move_variants(changes: Journal, rows: Sequence[Variant], product: Product) -> None:
    """Move variants with their images to another product; their supplier no longer describes them.

    Locks: the caller holds the variants
    """
    offers = locks.lock_offers(SupplierOffer.objects.filter(variant__in=rows))
    changes.extend(offers, "overridden_fields", SupplierOffer.LINK)
    delete_supplier_skus(changes, rows)
    images = Image.objects.filter(variant__in=rows)
    taken = Image.objects.filter(product=product).values("source_url")
    changes.set(images.exclude(source_url__in=taken), is_strict=False, product_id=product.pk)
    changes.set(rows, product_id=product.pk)
    PendingPublication.queue([row.pk for row in rows])


@requires_transaction
def delete_supplier_skus(changes: Journal, variants: Collection[Variant]) -> None:
    """Delete the supplier SKUs of variants: their pages no longer write the variants."""
    rows = Identifier.objects.filter(variant__in=variants, scheme=Scheme.SUPPLIER)
    changes.keep(rows)
    rows.delete()


@requires_transaction
def _retire_product(  # noqa: PLR0913 - both products, what moves, who and when
    changes: Journal,
    other: Product,
    product: Product,
    *,
    with_images: bool,
    actor: str,
    now: datetime,
) -> None:
    """Archive a product without a variant in production; its page redirects."""
    if with_images and other.pk != product.pk:
        taken = Image.objects.filter(product=product).values("source_url")
        images = Image.objects.filter(product=other).exclude(stem="")
        changes.set(
            images.exclude(source_url__in=taken),
            is_strict=False,
            product_id=product.pk,
            variant_id=None,
            role=Image.Role.OTHER,
        )
    if other.pk != product.pk and not Variant.objects.filter(IN_PRODUCTION, product=other).exists():
        locks.lock_products([product.pk, other.pk])
        _move_guarantee(changes, other, product)
        archive(changes, other, redirects_to=product, actor=actor, now=now)


@requires_transaction
def _move_guarantee(changes: Journal, other: Product, product: Product) -> None:
    """Give the guarantee of a product to the one that remains, unless that has its own."""
    if not ProductGuarantee.objects.filter(product=product).exists():
        rows = ProductGuarantee.objects.filter(product=other)
        changes.set(rows, is_strict=False, product_id=product.pk)


@requires_transaction
def archive(
    changes: Journal, product: Product, *, redirects_to: Product, actor: str, now: datetime
) -> None:
    """Archive a product and record its status; its page redirects to another one."""
    (row,) = Product.objects.select_for_update(of=["self"]).filter(pk=product.pk)
    lifecycle.record_statuses(
        {row.pk: row.status}, to=Product.Status.ARCHIVED, actor=actor, now=now
    )
    changes.set([row], status=Product.Status.ARCHIVED, redirects_to_id=redirects_to.pk)


# Undo


@requires_transaction
def undo(row: MatchDecision, *, actor: str, now: datetime, check_orders: OrderCheck) -> None:
    """Restore both variants.

    Locks: as ``merge``; the caller holds the decision
    Raises: OverrideError  a later decision or edit builds on it, or open orders need the offers
    """
    entries = row.before["journal"]
    both = [pk for pk in (row.variant_id, row.other_id) if pk is not None]
    lock_rows_of(entries, variants=both, check_orders=check_orders, now=now)
    undo_entries(entries, actor=actor, now=now)
    require_sellable(entries)


@requires_transaction
def undo_entries(entries: Sequence[journal.Entry], *, actor: str, now: datetime) -> None:
    """Undo a journal and record the statuses of products that it restores. Raises as ``journal.undo``."""
    journal.undo(entries)
    label = Product._meta.label  # noqa: SLF001 - Django's documented model API
    for entry in reversed(entries):
        if entry["step"] == "set" and entry["model"] == label and "status" in entry["after"]:
            for pk, before in entry["before"].items():
                lifecycle.record_statuses(
                    {int(pk): entry["after"]["status"]}, to=before["status"], actor=actor, now=now
                )


@requires_transaction
def lock_rows_of(
    entries: Sequence[journal.Entry],
    *,
    variants: Collection[int],
    check_orders: OrderCheck,
    now: datetime,
) -> None:
    """Lock the variants, offers and products that an undo changes, and publish them.

    Shape:  ``variants`` are those of the decision, which its entries need not name

    Raises: OverrideError  open orders need the offers
    """
    changed_variants = _changed_ids(entries, Variant) | {*variants}
    locks.lock_variants(changed_variants)
    offers = SupplierOffer.objects.filter(
        pk__in=_changed_ids(entries, SupplierOffer), variant__isnull=False
    )
    locked = locks.lock_offers(offers)
    check_orders(offers=[offer.pk for offer in locked])
    offers.update(seen_at=now)
    guarantees = ProductGuarantee.objects.filter(pk__in=_changed_ids(entries, ProductGuarantee))
    remaining = guarantees.values_list("product", flat=True)
    locks.lock_products(_changed_ids(entries, Product) | {*remaining})
    PendingPublication.queue({*changed_variants, *(o.variant_id for o in locked if o.variant_id)})


@requires_transaction
def require_sellable(entries: Sequence[journal.Entry]) -> None:
    """Check that restored offers can be sold: later decisions may have used their variants.

    Raises: OverrideError  a variant is discontinued by now, or its supplier offers it twice
    """
    offers = SupplierOffer.objects.exclude(status=SupplierOffer.Status.DISCONTINUED)
    restored = offers.filter(
        pk__in=_changed_ids(entries, SupplierOffer), variant__isnull=False
    ).select_related("variant__product")
    for offer in restored:
        twice = offers.filter(variant=offer.variant, supplier=offer.supplier_id)
        if offer.variant is not None and (
            offer.variant.status == Variant.Status.DISCONTINUED
            or offer.variant.product.status == Product.Status.ARCHIVED
            or twice.exclude(pk=offer.pk).exists()
        ):
            raise OverrideError(journal.CHANGED_SINCE)


def _changed_ids(entries: Sequence[journal.Entry], model: type[models.Model]) -> set[int]:
    """Return the rows of a model whose columns or lists were changed."""
    label = model._meta.label  # noqa: SLF001 - Django's documented model API
    changed = [each for each in entries if each["model"] == label]
    return {int(pk) for each in changed for pk in (*each.get("before", ()), *each.get("pks", ()))}
