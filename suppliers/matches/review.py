"""Match review: ask staff about doubtful matches, apply the decision, undo it.

There are two kinds of questions. Is an offer on hold the variant that it was compared with
(``disputed_variant``)? Are two variants that claim one identifier the same item, and if not, which
of them has the identifier (a conflict)?

"Same" links the offer, or merges the second variant into the first (``merges``). "Different" lets the
next product sync create a product, or verifies the identifier for one variant. The decision is kept,
so that no import asks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.utils.translation import gettext

from catalog.models import Identifier, Variant
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from suppliers.matches import duplicates, locks, merges, splits
from suppliers.matches.journal import CHANGED_SINCE
from suppliers.matches.locks import OrderCheck
from suppliers.models import MatchDecision, PendingPublication, SupplierOffer, SyncIssue
from suppliers.offers import identity, links, overrides
from suppliers.offers.identity import Verdict
from suppliers.offers.overrides import OverrideError
from suppliers.offers.owners import item_of, stated_identifiers

State, Scheme = Identifier.State, Identifier.Scheme
Answer, Kind = MatchDecision.Answer, MatchDecision.Kind


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
        raise OverrideError(gettext("This was decided already. Reload the page."))
    if is_same:
        overrides.link_offer(offer=offer, variant=variant, now=now)
    else:
        overrides.request_product(offer=offer, now=now)
    before = {"fields": offer.overridden_fields}
    _record(
        variant,
        kind=Kind.LINK,
        is_same=is_same,
        actor=actor,
        now=now,
        offer=offer,
        before=before,
    )


@transaction.atomic(durable=True)
def verify_identifier(
    *, conflict: Identifier, belongs_to_other: bool, actor: str, now: datetime
) -> None:
    """Verify an identifier for one variant; all its other rows become conflicts.

    Locks: the rows of the identifier
    Raises: OverrideError  it was decided already
    """
    set_change_source("match", actor=actor)
    rows = _lock_conflict(conflict)
    owner, claimant = rows[0].variant, conflict.variant
    winner = claimant if belongs_to_other else owner
    before = {"states": {str(row.pk): row.state for row in rows}}
    Identifier.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.CONFLICT)
    won = next(row.pk for row in rows if row.variant_id == winner.pk)
    Identifier.objects.filter(pk=won).update(state=State.VERIFIED)
    PendingPublication.queue([owner.pk, claimant.pk])
    _record(
        owner,
        kind=Kind.IDENTIFIER,
        is_same=False,
        actor=actor,
        now=now,
        other=claimant,
        before=before,
    )


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
        raise OverrideError(gettext("This was decided already. Reload the page."))
    return rows


@transaction.atomic(durable=True)
def merge(*, conflict: Identifier, actor: str, now: datetime, check_orders: OrderCheck) -> None:
    """Merge the variant that claims an identifier into the one that has it.

    Locks: the rows of the identifier, then as ``merges.merge``
    Raises: OverrideError  it was decided already, or ``merges.merge`` refuses it
    """
    variant, other = _lock_conflict(conflict)[0].variant, conflict.variant
    merges.merge(variant=variant, other=other, actor=actor, now=now, check_orders=check_orders)


@requires_transaction
def _record(
    variant: Variant,
    *,
    kind: MatchDecision.Kind,
    is_same: bool,
    actor: str,
    now: datetime,
    **about: Any,
) -> None:
    answer = Answer.SAME if is_same else Answer.DIFFERENT
    MatchDecision.objects.create(
        variant=variant, kind=kind, answer=answer, actor=actor, at=now, **about
    )


# Undo


@transaction.atomic(durable=True)
def undo(*, decision: MatchDecision, actor: str, now: datetime, check_orders: OrderCheck) -> None:
    """Restore what a decision changed. The question is asked again.

    Locks: the decision, then as ``merges`` and ``splits``
    Raises: OverrideError  it was undone already, a later decision or edit builds on it, or open
        orders hold units of the offers
    """
    set_change_source("match undone", actor=actor)
    row = MatchDecision.objects.select_for_update(of=["self"]).get(pk=decision.pk)
    if row.undone_at is not None:
        raise OverrideError(gettext("This was undone already."))
    if row.offer is not None:
        _undo_offer(row, row.offer, now)
    elif row.kind == Kind.MERGE:
        merges.undo(row, actor=actor, now=now, check_orders=check_orders)
    elif row.kind == Kind.SPLIT:
        splits.undo(row, actor=actor, now=now, check_orders=check_orders)
    elif row.kind == Kind.PAIR:
        duplicates.restore_candidate(row, now=now)
    else:
        _undo_identifier(row)
    PendingPublication.queue(pk for pk in (row.variant_id, row.other_id) if pk is not None)
    row.undone_at = now
    row.save(update_fields=["undone_at"])


@requires_transaction
def _undo_identifier(row: MatchDecision) -> None:
    states = {int(pk): state for pk, state in row.before["states"].items()}
    if Identifier.objects.filter(pk__in=states).count() != len(states):
        raise OverrideError(CHANGED_SINCE)
    for pk, state in sorted(states.items(), key=lambda entry: entry[1] != State.CONFLICT):
        Identifier.objects.filter(pk=pk).update(state=state)


@requires_transaction
def _undo_offer(row: MatchDecision, decided: SupplierOffer, now: datetime) -> None:
    (offer,) = locks.lock_offers(SupplierOffer.objects.filter(pk=decided.pk))
    if row.answer == Answer.DIFFERENT and offer.variant_id is not None:
        raise OverrideError(
            gettext("The product was created already. Merge it with the other one instead.")
        )
    if row.answer == Answer.SAME and offer.variant_id != row.variant_id:
        raise OverrideError(CHANGED_SINCE)
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
