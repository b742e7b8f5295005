"""Match review: ask staff about doubtful matches, apply the decision, undo it.

There are two kinds of questions. Is an offer on hold the variant that it was compared with
(``disputed_variant``)? Are two variants that claim one identifier the same item, and if not, which
of them has the identifier (a conflict)?

"Same" links the offer, or merges the second variant into the first: its offers and identifiers move,
it is discontinued with the first as its successor, and its product is archived if it has no other
variant. "Different" lets the next product sync create a product, or verifies the identifier for one
variant. The decision is kept, so that no import asks again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT

from catalog.models import Identifier, Product, Variant
from storefront.lib.db.transactions import requires_transaction
from suppliers.models import (
    MatchDecision,
    PendingPublication,
    StockLevel,
    SupplierOffer,
    SyncIssue,
)
from suppliers.offers import identity, links, overrides
from suppliers.offers.identity import Verdict
from suppliers.offers.overrides import OverrideError
from suppliers.offers.owners import item_of, stated_identifiers

State, Scheme = Identifier.State, Identifier.Scheme
Answer = MatchDecision.Answer
OPEN_UNITS: Final = Q(reserved__gt=0) | Q(allocated_outstanding__gt=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferQuestion:
    """The question whether an offer is a variant; ``stated`` are the supplier's data of the offer."""

    variant: Variant
    offer: SupplierOffer
    stated: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictQuestion:
    """The question whether two variants are the same item; if not, which one has the identifier."""

    variant: Variant
    other: Variant
    conflict: Identifier
    verdict: Verdict


# Questions


def disputed_offers() -> QuerySet[SupplierOffer]:
    """Return the offers to ask about, the most likely matches first."""
    issues = SyncIssue.objects.filter(
        supplier=OuterRef("supplier"), row=OuterRef("supplier_sku"), code__in=links.CODES
    ).order_by("-pk")
    offers = SupplierOffer.objects.filter(variant=None).exclude(disputed_variant=None)
    return (
        offers.exclude(status=SupplierOffer.Status.DISCONTINUED)
        .annotate(
            stated=Subquery(issues.values("raw")[:1]),
            confidence=Subquery(issues.values(confidence=KT("raw__confidence"))[:1]),
        )
        .order_by(F("confidence").desc(nulls_last=True), "pk")
    )


def open_conflicts() -> QuerySet[Identifier]:
    """Return the identifiers that a second variant claims, unless staff decided about them."""
    same = Identifier.objects.filter(scheme=OuterRef("scheme"), value=OuterRef("value"))
    split = MatchDecision.objects.filter(
        offer__variant=OuterRef("variant"), answer=Answer.DIFFERENT, undone_at=None
    )
    return (
        Identifier.objects.filter(Exists(same.filter(state=State.ASSERTED)), state=State.CONFLICT)
        .exclude(Exists(split))
        .exclude(variant__status=Variant.Status.DISCONTINUED)
        .order_by("pk")
    )


def count_questions() -> int:
    return disputed_offers().count() + open_conflicts().count()


def question_at(position: int) -> OfferQuestion | ConflictQuestion | None:
    """Return the question at a position of the queue; None after the last one."""
    offers = disputed_offers().select_related(
        "supplier", "disputed_variant__product__brand", "disputed_variant__product__spec"
    )
    offer = offers[position : position + 1].first()
    if offer is not None and offer.disputed_variant is not None:
        return OfferQuestion(
            variant=offer.disputed_variant, offer=offer, stated=getattr(offer, "stated", None) or {}
        )
    rest = position - disputed_offers().count()
    conflict = open_conflicts().select_related("variant__product__brand")[rest : rest + 1].first()
    owner = find_owner(conflict) if conflict else None
    if conflict is None or owner is None:
        return None
    return ConflictQuestion(
        variant=owner,
        other=conflict.variant,
        conflict=conflict,
        verdict=identity.compare(_item(owner), _item(conflict.variant)),
    )


def find_owner(conflict: Identifier) -> Variant | None:
    """Return the variant that has the identifier which another one claims."""
    same = Identifier.objects.filter(scheme=conflict.scheme, value=conflict.value)
    owner = same.select_related("variant__product__brand").exclude(state=State.CONFLICT).first()
    return owner.variant if owner else None


def _item(variant: Variant) -> identity.Item:
    return item_of(variant, stated_identifiers([variant.pk])[variant.pk])


# Decisions


@transaction.atomic(durable=True)
def decide_offer(*, offer: SupplierOffer, is_same: bool, actor: str, now: datetime) -> None:
    """Link an offer to the variant that it was compared with, or request a product for it.

    Locks: the offer
    Raises: OverrideError  it was decided already, or ``overrides`` refuses it
    """
    variant = offer.disputed_variant
    if variant is None:
        raise OverrideError("This was decided already.")
    if is_same:
        overrides.link_offer(offer=offer, variant=variant, now=now)
    else:
        overrides.request_product(offer=offer, now=now)
    before = {"fields": offer.overridden_fields}
    _record(variant, is_same=is_same, actor=actor, now=now, offer=offer, before=before)


@transaction.atomic(durable=True)
def verify_identifier(
    *, conflict: Identifier, belongs_to_other: bool, actor: str, now: datetime
) -> None:
    """Verify an identifier for one variant; all its other rows become conflicts.

    Locks: the rows of the identifier
    Raises: OverrideError  it was decided already
    """
    rows = _lock_conflict(conflict)
    owner, claimant = rows[0].variant, conflict.variant
    winner = claimant if belongs_to_other else owner
    before = {"states": {str(row.pk): row.state for row in rows}}
    Identifier.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.CONFLICT)
    won = next(row.pk for row in rows if row.variant_id == winner.pk)
    Identifier.objects.filter(pk=won).update(state=State.VERIFIED)
    PendingPublication.queue([owner.pk, claimant.pk])
    _record(owner, is_same=False, actor=actor, now=now, other=claimant, before=before)


def _lock_conflict(conflict: Identifier) -> Sequence[Identifier]:
    """Return the rows of an identifier, its undisputed one first, locked.

    Raises: OverrideError  it was decided already
    """
    same = Identifier.objects.filter(scheme=conflict.scheme, value=conflict.value)
    rows = list(
        same.select_related("variant__product").select_for_update(of=["self"]).order_by("pk")
    )
    rows.sort(key=lambda row: row.state == State.CONFLICT)
    states = {row.pk: row.state for row in rows}
    if states.get(conflict.pk) != State.CONFLICT or rows[0].state != State.ASSERTED:
        raise OverrideError("This was decided already.")
    return rows


@transaction.atomic(durable=True)
def merge(*, conflict: Identifier, actor: str, now: datetime) -> None:
    """Merge the variant that claims an identifier into the one that has it.

    Locks: the rows of the identifier, then the offers of the merged variant, in id order
    Raises: OverrideError  open orders hold units of it, a supplier offers both variants, or the
        remaining one is discontinued
    """
    variant, other = _lock_conflict(conflict)[0].variant, conflict.variant
    is_archived = variant.product.status == Product.Status.ARCHIVED
    if is_archived or variant.status == Variant.Status.DISCONTINUED:
        raise OverrideError(f"{variant} is discontinued: what is merged into it is not sold.")
    about_other = SupplierOffer.objects.filter(Q(variant=other) | Q(disputed_variant=other))
    locked = _lock_offers(about_other)
    offers = [offer for offer in locked if offer.variant_id == other.pk]
    listed = [offer for offer in offers if offer.status != SupplierOffer.Status.DISCONTINUED]
    both = SupplierOffer.objects.filter(
        variant=variant, supplier__in=[offer.supplier_id for offer in listed]
    ).exclude(status=SupplierOffer.Status.DISCONTINUED)
    if twice := both.first():
        raise OverrideError(f"The supplier already offers this variant as {twice.supplier_sku}.")
    rows = list(other.identifiers.order_by("pk"))
    before: dict[str, Any] = {
        "variant": other.status,
        "successor": variant.replaced_by_id,
        "product": other.product.status,
        "offers": {str(offer.pk): offer.overridden_fields for offer in offers},
        "identifiers": [[row.pk, row.scheme, row.value, row.raw, row.state] for row in rows],
    }
    for offer in offers:
        offer.variant = variant
        offer.overridden_fields = sorted({*offer.overridden_fields, SupplierOffer.LINK})
        offer.seen_at = now
    SupplierOffer.objects.bulk_update(offers, ["variant", "overridden_fields", "seen_at"])
    about_other.update(disputed_variant=variant)  # what is left are questions about it
    before["verified"] = _move_identifiers(rows, variant)
    Variant.objects.filter(pk=variant.pk, replaced_by=other).update(replaced_by=None)
    _discontinue(other, successor=variant)
    PendingPublication.queue([variant.pk, other.pk])
    _record(variant, is_same=True, actor=actor, now=now, other=other, before=before)


@requires_transaction
def _lock_offers(offers: QuerySet[SupplierOffer]) -> list[SupplierOffer]:
    """Return the offers, locked, unless open orders hold units of them.

    Raises: OverrideError
    """
    locked = list(offers.select_for_update(of=["self"], no_key=True).order_by("pk"))
    held = StockLevel.objects.filter(OPEN_UNITS, offer__in=locked).select_related("offer").first()
    if held is not None:
        raise OverrideError(
            f"Open orders hold units of the SKU {held.offer.supplier_sku}. Wait until they are"
            " shipped, or cancel them first."
        )
    return locked


@requires_transaction
def _move_identifiers(rows: Sequence[Identifier], variant: Variant) -> list[int]:
    """Give the identifiers of a merged variant to the one that remains; return its verified ones.

    Supplier SKUs are deleted: with them, the next page of that supplier would overwrite the texts of
    the remaining product. The others become verified, so that no import deletes them.
    """
    names = {(row.scheme, row.value) for row in rows}
    own = [row for row in variant.identifiers.all() if (row.scheme, row.value) in names]
    has = {(row.scheme, row.value) for row in own}
    moved = [
        row.pk
        for row in rows
        if row.scheme != Scheme.SUPPLIER and (row.scheme, row.value) not in has
    ]
    Identifier.objects.filter(pk__in=[row.pk for row in rows if row.pk not in moved]).delete()
    Identifier.objects.filter(pk__in=moved).update(variant=variant)
    verified = [row.pk for row in own if row.state == State.ASSERTED]
    Identifier.objects.filter(pk__in=[*moved, *verified], state=State.ASSERTED).update(
        state=State.VERIFIED
    )
    return verified


@requires_transaction
def _discontinue(variant: Variant, *, successor: Variant) -> None:
    Variant.objects.filter(pk=variant.pk).update(
        status=Variant.Status.DISCONTINUED, replaced_by=successor
    )
    left = Variant.objects.filter(product=variant.product_id)
    if not left.exclude(status=Variant.Status.DISCONTINUED).exists():
        Product.objects.filter(pk=variant.product_id).update(status=Product.Status.ARCHIVED)


@requires_transaction
def _record(
    variant: Variant, *, is_same: bool, actor: str, now: datetime, **about: Any
) -> MatchDecision:
    answer = Answer.SAME if is_same else Answer.DIFFERENT
    return MatchDecision.objects.create(
        variant=variant, answer=answer, actor=actor, at=now, **about
    )


def merged_into(product_id: int) -> str:
    """Return the slug of the product that a product was merged into; empty if it was not."""
    merges = MatchDecision.objects.filter(
        other__product=product_id,
        answer=Answer.SAME,
        undone_at=None,
        variant__product__status=Product.Status.LIVE,
    )
    return merges.order_by("-pk").values_list("variant__product__slug", flat=True).first() or ""


# Undo


@transaction.atomic(durable=True)
def undo(*, decision: MatchDecision, now: datetime) -> None:
    """Restore what a decision changed. The question is asked again.

    Locks: the decision, then the offers, in id order
    Raises: OverrideError  it was undone already, a later decision or edit builds on it, or open
        orders hold units of the offers
    """
    row = MatchDecision.objects.select_for_update(of=["self"]).get(pk=decision.pk)
    if row.undone_at is not None:
        raise OverrideError("This was undone already.")
    if row.offer is not None:
        _undo_offer(row, row.offer, now)
    elif row.other is not None and row.answer == Answer.SAME:
        _undo_merge(row, row.other, now)
    else:
        _require(
            Identifier.objects.filter(pk__in=[*row.before["states"]]).count()
            == len(row.before["states"])
        )
        for pk, state in sorted(_states(row), key=lambda entry: entry[1] != State.CONFLICT):
            Identifier.objects.filter(pk=pk).update(state=state)
    PendingPublication.queue(pk for pk in (row.variant_id, row.other_id) if pk is not None)
    row.undone_at = now
    row.save(update_fields=["undone_at"])


def _require(is_unchanged: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_unchanged:
        raise OverrideError(
            "It has changed since. Undo the later decision first, or correct the offer and the"
            " identifiers on their pages."
        )


def _states(row: MatchDecision) -> Iterator[tuple[int, str]]:
    yield from ((int(pk), state) for pk, state in row.before["states"].items())


@requires_transaction
def _undo_offer(row: MatchDecision, decided: SupplierOffer, now: datetime) -> None:
    (offer,) = _lock_offers(SupplierOffer.objects.filter(pk=decided.pk))
    if row.answer == Answer.DIFFERENT and offer.variant_id is not None:
        raise OverrideError("The product was created already.")
    _require(row.answer == Answer.DIFFERENT or offer.variant_id == row.variant_id)
    offer.variant, offer.disputed_variant = None, row.variant
    held = {"status"} & {*row.before.get("fields", ())}  # by staff; a new product is not
    offer.overridden_fields = sorted({*offer.overridden_fields} - {SupplierOffer.LINK} | held)
    is_listed = offer.status != SupplierOffer.Status.DISCONTINUED
    if is_listed and "status" not in offer.overridden_fields:
        offer.status = SupplierOffer.Status.ON_HOLD
    offer.seen_at = now
    offer.save(
        update_fields=["variant", "disputed_variant", "overridden_fields", "status", "seen_at"]
    )


@requires_transaction
def _undo_merge(row: MatchDecision, other: Variant, now: datetime) -> None:
    before = row.before
    offers = _lock_offers(SupplierOffer.objects.filter(pk__in=before["offers"]))
    _require(all(offer.variant_id == row.variant_id for offer in offers))
    _require(not _are_taken(before["identifiers"]))
    for offer in offers:
        offer.variant = other
        if SupplierOffer.LINK not in before["offers"][str(offer.pk)]:
            offer.overridden_fields = sorted({*offer.overridden_fields} - {SupplierOffer.LINK})
        offer.seen_at = now
    SupplierOffer.objects.bulk_update(offers, ["variant", "overridden_fields", "seen_at"])
    verified = Identifier.objects.filter(pk__in=before["verified"], state=State.VERIFIED)
    verified.update(state=State.ASSERTED)
    Identifier.objects.filter(pk__in=[pk for pk, *_ in before["identifiers"]]).delete()
    Identifier.objects.bulk_create(
        Identifier(pk=pk, scheme=scheme, value=value, raw=raw, state=state, variant=other)
        for pk, scheme, value, raw, state in before["identifiers"]
    )
    Variant.objects.filter(pk=other.pk).update(status=before["variant"], replaced_by=None)
    Variant.objects.filter(pk=row.variant_id, replaced_by=None).update(
        replaced_by=before["successor"]
    )
    Product.objects.filter(pk=other.product_id).update(status=before["product"])


def _are_taken(identifiers: Sequence[Sequence[Any]]) -> bool:
    """Return whether other rows have identifiers of a merged variant by now."""
    names = {(scheme, value) for _, scheme, value, _, state in identifiers if state != "conflict"}
    rows = Identifier.objects.filter(value__in=[value for _, value in names])
    rows = rows.exclude(state=State.CONFLICT).exclude(pk__in=[pk for pk, *_ in identifiers])
    return not names.isdisjoint(rows.values_list("scheme", "value"))
