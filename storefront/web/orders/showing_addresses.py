"""Where each parcel of an order goes, and what became of the wish that it goes elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.addresses.change_requests import Chance, chance
from orders.cancellation import requests
from orders.models import AddressWish, Order, PurchaseOrder, Setback
from storefront.lib.address import Address
from storefront.lib.db.prepared_queries import Prepared
from storefront.web.orders.tracking import Box

Status = AddressWish.Status
PAID = frozenset({Order.Status.PLACED, Order.Status.ON_HOLD, Order.Status.PROCESSING})
HAS_LEFT = frozenset(
    {
        PurchaseOrder.Status.PARTIALLY_SHIPPED,
        PurchaseOrder.Status.SHIPPED,
        PurchaseOrder.Status.CLOSED,
    }
)
CHANGED = _("It goes to the new address.")
ASKED = _(
    "We have asked its supplier to send it to the new address. We tell you his answer by mail."
)
REFUSED = _("Its supplier can no longer change the address: it goes to the old one.")
LEFT = _("It had left already: it goes to the old address.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """Where one purchase order goes. ``wished`` is where it may go, once its supplier answers."""

    ship_to: Address
    words: Promise | str = ""
    wished: Address | None = None


def wishes_of(order: Order) -> list[AddressWish]:
    """Read what was wished of an order, the last wish at the end."""
    return _WISHES(order_id=order.pk)


def going(
    order: Order, purchases: Iterable[PurchaseOrder], wished: Sequence[AddressWish]
) -> Mapping[int, Going]:
    """Tell of each purchase order where it goes, and how the last wish stands with it."""
    last = wished[-1] if wished and not _is_settled(order, wished[-1]) else None
    mine = {each.purchase_order_id: each for each in wished if last and each.place == last.place}
    found = {}
    for purchase in purchases:
        purchase.order = order
        ship_to = Address(**purchase.goes_to)
        wish = mine.get(purchase.pk)
        is_asked = wish is not None and wish.status == Status.REQUESTED
        found[purchase.pk] = Going(
            ship_to=ship_to,
            words=_words(purchase, wish, last) if last else "",
            wished=Address(**wish.ship_to) if wish and is_asked else None,
        )
    return found


def places(
    order: Order, boxes: Sequence[Box], found: Mapping[int, Going]
) -> list[tuple[Address, list[int]]]:
    """Group the parcels, by their numbers on the page, by where they go."""
    by_place: dict[Address, list[int]] = {}
    for number, box in enumerate(boxes, start=1):
        if box.purchase_id is not None and box.purchase_id in found:
            by_place.setdefault(found[box.purchase_id].ship_to, []).append(number)
    return list(by_place.items()) or [(Address(**order.ship_to), [])]


def latest(order: Order, wished: Sequence[AddressWish]) -> Address:
    """Return where its shopper wants it now."""
    last = wished[-1] if wished and not _is_settled(order, wished[-1]) else None
    return Address(**(last.ship_to if last else order.ship_to))


def can_ask(
    order: Order,
    purchases: Sequence[PurchaseOrder],
    wished: Sequence[AddressWish],
    questions: Iterable[Setback],
) -> Chance | None:
    """Tell whether its shopper can send it elsewhere; None: unpaid, over, or to be stopped."""
    if order.status not in PAID or requests.wish_among(purchases) == requests.Wish.ASKED:
        return None
    asked = [each.purchase_order_id for each in wished if each.status == Status.REQUESTED]
    is_sought = any(each.kind == Setback.Kind.REFUSED for each in questions)
    return chance(purchases, asked=asked, is_sought=is_sought)


def _words(purchase: PurchaseOrder, wish: AddressWish | None, last: AddressWish) -> Promise | str:
    if wish is not None and wish.status == Status.REQUESTED:
        return ASKED
    if purchase.goes_to == last.ship_to:
        return CHANGED
    if wish is not None and wish.status == Status.REFUSED:
        # Who said it himself stands in the wish; one that nobody answered ended as it left.
        return REFUSED if wish.answered_by else LEFT
    return LEFT if purchase.status in HAS_LEFT else ""


def _is_settled(order: Order, last: AddressWish) -> bool:
    """Test whether all of the order was sent elsewhere at once since, as nobody had it any more."""
    corrected = [
        datetime.fromisoformat(each["at"])
        for each in order.address_check.get("staff", [])
        if each["what"] == "corrected"
    ]
    return any(at > last.status_since for at in corrected)


def _wishes(*, order_id: int) -> QuerySet[AddressWish]:
    mine = AddressWish.objects.filter(purchase_order__order=order_id)
    return mine.order_by("place", "pk")


_WISHES = Prepared(_wishes)
