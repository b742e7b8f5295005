"""Brand merges: merge a brand into another one, and undo it.

Its products, aliases and documents move, and its name becomes an alias. Contacts of the remaining
brand that are empty are filled in. Rules of draft price books move; a live price book or a promotion
that names the brand refuses the merge, because prices would change without notice.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from catalog.models import Brand, BrandAlias, Identifier, PriceBook, PriceRule, Product, Variant
from catalog.models.categories import CONTACT_PARTS, CONTACT_ROLES
from catalog.pricing import repricing_queue
from catalog.products.identifier_edits import rename_brand
from catalog.texts.title_updates import update_titles
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from suppliers.matches import journal
from suppliers.matches.journal import CHANGED_SINCE, Journal
from suppliers.models import BrandMerge, ComplianceDocument, PendingPublication
from suppliers.offers.overrides import OverrideError

State, Scheme = Identifier.State, Identifier.Scheme


@transaction.atomic(durable=True)
def merge_brands(*, brand: Brand, other: Brand, actor: str, now: datetime) -> BrandMerge:
    """Merge a brand into another one.

    Part numbers of its products get the key of the remaining brand. One that the brand has already
    becomes a conflict, about which staff are asked.
    Locks: the variants of the merged brand, then its products, then both brands, each in id
        order: an import locks its variants and products before it fills in contacts of a brand
    Raises: OverrideError  a live price book or a promotion names it, a brand was merged already, or
        products joined the merged one before it was locked
    """
    set_change_source("brand merge", actor=actor)
    products = _lock_products(Product.objects.filter(brand=other))
    locked = _lock_brands([brand.pk, other.pk])
    if Product.objects.filter(brand=other).exclude(pk__in=[row.pk for row in products]).exists():
        raise OverrideError(gettext("Other products joined the brand meanwhile. Merge it again."))
    if brand.pk == other.pk or len(locked) != len({brand.pk, other.pk}):
        raise OverrideError(gettext("Choose two different brands."))
    survivor, merged = locked[brand.pk], locked[other.pk]
    if survivor.merged_into_id or merged.merged_into_id:
        raise OverrideError(
            gettext(
                "One of the brands was merged already. Choose the brand that it was merged into."
            )
        )
    _refuse_named(merged)
    changes = Journal()
    _move_products(changes, products, survivor, merged, now=now)
    changes.set(BrandAlias.objects.filter(brand=merged), brand_id=survivor.pk)
    changes.add(BrandAlias(brand=survivor, name=merged.name, key=merged.key))
    documents = ComplianceDocument.objects.filter(brand=merged)
    changes.set(documents, is_strict=False, brand_id=survivor.pk)
    drafts = PriceRule.objects.filter(brand=merged, book__status=PriceBook.Status.DRAFT)
    changes.set(drafts, is_strict=False, brand_id=survivor.pk)
    _fill_contacts(changes, survivor, merged)
    changes.set([merged], merged_into_id=survivor.pk)
    return BrandMerge.objects.create(
        brand=survivor,
        other=merged,
        before={"journal": changes.entries, "products": [row.pk for row in products]},
        actor=actor,
        at=now,
    )


@requires_transaction
def _refuse_named(brand: Brand) -> None:
    """Refuse a brand that prices depend on.

    Raises: OverrideError
    """
    rules = PriceRule.objects.filter(brand=brand, book__status=PriceBook.Status.LIVE)
    if rule := rules.select_related("book").first():
        message = gettext(
            "Rule %(number)s of the live price book %(book)s names %(brand)s. Go live with a price"
            " book without this rule first."
        )
        values = {"number": rule.number, "book": rule.book, "brand": brand.name}
        raise OverrideError(message % values)
    handled = {Product, BrandAlias, PriceRule, ComplianceDocument, BrandMerge, Brand}
    for relation in brand._meta.related_objects:  # noqa: SLF001 - Django's documented model API
        if relation.related_model in handled:
            continue
        named = relation.related_model._default_manager.filter(**{relation.field.name: brand})  # noqa: SLF001
        if row := named.first():
            message = gettext("%(row)s (%(kind)s) names %(brand)s. Change it first.")
            kind = relation.related_model._meta.verbose_name  # noqa: SLF001
            raise OverrideError(message % {"row": row, "kind": kind, "brand": brand.name})


@requires_transaction
def _lock_products(products: QuerySet[Product]) -> list[Product]:
    """Return the products, locked after their variants, each in id order."""
    variants = Variant.objects.filter(product__in=products).order_by("pk")
    list(variants.select_for_update(of=["self"], no_key=True).values_list("pk"))
    return list(products.select_for_update(of=["self"]).order_by("pk"))


@requires_transaction
def _lock_brands(ids: Collection[int]) -> dict[int, Brand]:
    rows = Brand.objects.filter(pk__in=ids).order_by("pk")
    return {row.pk: row for row in rows.select_for_update(of=["self"], no_key=True)}


@requires_transaction
def _move_products(
    changes: Journal, products: list[Product], survivor: Brand, merged: Brand, *, now: datetime
) -> None:
    ids = [row.pk for row in products]
    variants = Variant.objects.filter(product__in=ids).order_by("pk")
    variant_ids = list(variants.values_list("pk", flat=True))
    changes.set(products, brand_id=survivor.pk)
    _rename_numbers(changes, variant_ids, survivor, merged)
    PendingPublication.queue(variant_ids)
    update_titles(ids)
    repricing_queue.enqueue_products(product_ids=ids, now=now)


@requires_transaction
def _rename_numbers(
    changes: Journal, variant_ids: list[int], survivor: Brand, merged: Brand
) -> None:
    """Put the key of the remaining brand before part and model numbers."""
    rows = list(
        Identifier.objects.filter(
            Q(scheme=Scheme.MPN) | Q(scheme=Scheme.MODEL),
            variant__in=variant_ids,
            value__startswith=f"{merged.key}:",
        ).order_by("pk")
    )
    changes.keep(rows)
    rename_brand(dict.fromkeys(rows, survivor.key))


@requires_transaction
def _fill_contacts(changes: Journal, survivor: Brand, merged: Brand) -> None:
    for role in CONTACT_ROLES:
        is_open = role != "responsible" or not survivor.is_responsible_locked
        if is_open and not getattr(survivor, f"{role}_name") and getattr(merged, f"{role}_name"):
            parts = {f"{role}_{part}": getattr(merged, f"{role}_{part}") for part in CONTACT_PARTS}
            changes.set([survivor], is_strict=False, **parts)


@transaction.atomic(durable=True)
def undo_merge(*, decision: BrandMerge, actor: str, now: datetime) -> None:
    """Restore both brands. Products that joined the remaining brand since stay there.

    Locks: the decision, then as ``merge_brands``
    Raises: OverrideError  it was undone already, or a later change builds on it
    """
    set_change_source("brand merge undone", actor=actor)
    row = BrandMerge.objects.select_for_update(of=["self"]).get(pk=decision.pk)
    if row.undone_at is not None:
        raise OverrideError(gettext("This was undone already."))
    _lock_products(Product.objects.filter(pk__in=row.before["products"]))
    _lock_brands([row.brand_id, row.other_id])
    kept = [
        values
        for entry in row.before["journal"]
        if entry["step"] == "keep"
        for values in entry["values"]
    ]
    numbers = [values["value"] for values in kept if values["state"] != State.CONFLICT]
    taken = Identifier.objects.filter(value__in=numbers).exclude(state=State.CONFLICT)
    if taken.exclude(pk__in=[values["id"] for values in kept]).exists():
        raise OverrideError(CHANGED_SINCE)
    journal.undo(row.before["journal"])
    variants = Variant.objects.filter(product__in=row.before["products"])
    PendingPublication.queue(variants.values_list("pk", flat=True))
    update_titles(row.before["products"])
    repricing_queue.enqueue_products(product_ids=row.before["products"], now=now)
    row.undone_at = now
    row.save(update_fields=["undone_at"])
