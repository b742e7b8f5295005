"""Product lifecycle: submit, approve, publish, archive products and return them to draft."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.utils.translation import gettext

from catalog.listings.publication import lock_products, republish_products
from catalog.models import Product
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import InvalidTransitionError, StatusChange

_Status = Product.Status
# A product is written, checked by another person, published, and withdrawn.
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
def change_status(
    *, product_ids: Collection[int], to: str, actor: str, now: datetime, reason: str = ""
) -> list[int]:
    """Move the products that may go to this status, and publish or hide them; return their ids.

    Each transition is recorded as a ``StatusChange``.
    Locks:  the listings of the products, then the products, each in id order
    """
    set_change_source("staff", actor=actor)
    lock_products(product_ids)
    origins = [status for status, targets in TRANSITIONS.items() if to in targets]
    rows = Product.objects.filter(pk__in=product_ids, status__in=origins)
    before = dict(rows.select_for_update(of=["self"]).order_by("pk").values_list("pk", "status"))
    Product.objects.filter(pk__in=before).update(status=to, updated_at=now)
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
    )
    if _Status.LIVE in {to, *before.values()}:
        republish_products(before, now=now)
    return list(before)


@requires_transaction
def move_product(*, product: Product, to: str, actor: str, now: datetime) -> None:
    """Move one product. Raises InvalidTransitionError: its status has changed meanwhile."""
    if not change_status(product_ids=[product.pk], to=to, actor=actor, now=now):
        message = gettext("The status of the product has changed meanwhile. Look at it again.")
        raise InvalidTransitionError(message)
