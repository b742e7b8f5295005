"""Product lifecycle: submit, approve, publish, archive products and return them to draft."""

from collections import deque
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext

from catalog.listings.completeness import NEEDED_FOR_SALE, NEEDED_OF_KIND
from catalog.listings.publication import lock_listings_of, republish_products
from catalog.models import Completeness, FieldChange, Product, ProductFamily
from catalog.readiness import completeness
from catalog.readiness.subjects import BASE_LANGUAGE, PRICE, label_of_subject
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import InvalidTransitionError, StatusChange

_Status = Product.Status
OWN_APPROVAL = "own approval"  # source of an approval by the person who edited or submitted it
# A product is written, checked, published and withdrawn. Its author may approve it; see the history.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    _Status.DRAFT: frozenset({_Status.IN_REVIEW, _Status.ARCHIVED}),
    _Status.IN_REVIEW: frozenset({_Status.READY, _Status.DRAFT, _Status.ARCHIVED}),
    _Status.READY: frozenset({_Status.LIVE, _Status.DRAFT, _Status.ARCHIVED}),
    _Status.LIVE: frozenset({_Status.DRAFT, _Status.ARCHIVED}),
    _Status.ARCHIVED: frozenset({_Status.DRAFT}),
}


def can_move(product: Product, to: str) -> bool:
    return to in TRANSITIONS[product.status]


@requires_transaction
def change_status(  # noqa: PLR0913 - rows, their status, and who moves them
    *,
    product_ids: Collection[int],
    to: str,
    actor: str,
    now: datetime,
    reason: str = "",
    source: str = "staff",
) -> list[int]:
    """Move the products that may go to this status, and publish or hide them; return their ids.

    A product that lacks what its sale needs is not ready; only the price may come later. Each
    transition is recorded as a ``StatusChange``. The history marks approvals by the author.
    Locks:  the listings of the products, then the products, each in id order
    """
    set_change_source(source, actor=actor)
    lock_listings_of(product_ids)
    if to == _Status.READY:
        product_ids = {*product_ids} - find_unsellable(product_ids).keys()
    origins = [status for status, targets in TRANSITIONS.items() if to in targets]
    rows = Product.objects.filter(pk__in=product_ids, status__in=origins)
    before = dict(rows.select_for_update(of=["self"]).order_by("pk").values_list("pk", "status"))
    own = _find_edited(before, actor=actor) if to == _Status.READY and actor else set()
    Product.objects.filter(pk__in=before.keys() - own).update(status=to, updated_at=now)
    if own:
        set_change_source(OWN_APPROVAL, actor=actor)
        Product.objects.filter(pk__in=own).update(status=to, updated_at=now)
        set_change_source(source, actor=actor)
    record_statuses(before, to=to, actor=actor, now=now, reason=reason)
    if _Status.LIVE in {to, *before.values()}:
        republish_products(before, now=now)
    return list(before)


def _find_edited(product_ids: Collection[int], *, actor: str) -> set[int]:
    """Return the products that this person edited or submitted for review."""
    is_status = Q(record=FieldChange.Record.PRODUCT, field="status")
    made = FieldChange.objects.filter(product__in=product_ids, actor=actor)
    edits = made.filter(~is_status | Q(new=_Status.IN_REVIEW.value))
    return {*edits.values_list("product", flat=True)}


@requires_transaction
def record_statuses(
    before: Mapping[int, str], *, to: str, actor: str, now: datetime, reason: str = ""
) -> None:
    """Record that products have a new status. Skip those that had it before.

    Shape:  ``before`` maps products to their old statuses
    """
    StatusChange.objects.bulk_create(
        StatusChange(
            subject=Product._meta.label,  # noqa: SLF001 - Django's documented model API
            subject_id=pk,
            status_field="status",
            from_status=status,
            to_status=to,
            at=now,
            actor=actor[:100],
            reason=reason[:500],
        )
        for pk, status in before.items()
        if status != to
    )


@requires_transaction
def move_product(
    *, product: Product, to: str, actor: str, now: datetime, source: str = "staff"
) -> None:
    """Move one product, as ``move_products`` does."""
    move_products([product.pk], to=to, actor=actor, now=now, source=source)


@requires_transaction
def move_products(
    product_ids: Collection[int], *, to: str, actor: str, now: datetime, source: str = "staff"
) -> None:
    """Move products by one transition.

    Raises: InvalidTransitionError  the status or the values of a product do not allow it
    """
    moved = change_status(product_ids=product_ids, to=to, actor=actor, now=now, source=source)
    kept = {*product_ids} - {*moved}
    if not kept:
        return
    message = gettext("The status of the product has changed meanwhile. Look at it again.")
    if to == _Status.READY and (missing := find_unsellable(kept)):
        message = describe_missing(next(iter(missing.values())))
    raise InvalidTransitionError(message)


@requires_transaction
def move_in_steps(
    products: Collection[Product], *, to: str, actor: str, now: datetime, source: str
) -> None:
    """Move products by the fewest transitions, such as back to a status that they had.

    Raises: InvalidTransitionError  values do not allow a transition; earlier ones are made
    """
    by_status: dict[str, list[int]] = {}
    for product in products:
        by_status.setdefault(product.status, []).append(product.pk)
    for status, ids in by_status.items():
        for step in find_transitions(status, to):
            move_products(ids, to=step, actor=actor, now=now, source=source)


def find_transitions(old: str, new: str) -> list[str]:
    """Return the fewest statuses that lead from one to another, without the first one."""
    paths = deque([[old]])
    seen = {old}
    while paths:
        path = paths.popleft()
        if path[-1] == new:
            return path[1:]
        following = sorted(TRANSITIONS[path[-1]] - seen)
        seen.update(following)
        paths.extend([*path, status] for status in following)
    raise LookupError(new)


def describe_missing(missing: Collection[str]) -> str:
    names = ", ".join(map(label_of_subject, missing))
    return gettext("Enter these values first: %(names)s.") % {"names": names}


@requires_transaction
def find_unsellable(product_ids: Collection[int]) -> dict[int, list[str]]:
    """Map each product that cannot be sold on any channel to what it lacks, except the price."""
    completeness.compute(product_ids)
    codes = {  # by family: what is missing may also be required or recommended by the family only
        family: {*NEEDED_FOR_SALE, *NEEDED_OF_KIND.get(kind, ())} - {PRICE}
        for family, kind in ProductFamily.objects.values_list("code", "kind")
    }
    rows = Completeness.objects.filter(
        product__in=product_ids, language=BASE_LANGUAGE, blocks_sale=True
    ).order_by("channel")
    found = {
        product_id: [code for code in missing if code in codes[family]]
        for product_id, missing, family in rows.values_list(
            "product_id", "missing", "product__family"
        )
    }
    return {product_id: missing for product_id, missing in found.items() if missing}
