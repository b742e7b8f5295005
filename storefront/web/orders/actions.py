"""Order actions: list what a customer can do with an order now, and why the rest is not possible.

Each function in ``ACTIONS`` returns one entry, or None if the entry means nothing for this order.
It reads ``OrderFacts`` only: an entry that needs another row adds a field there, which
``views.order`` fills from what the page reads for its own section.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from orders.address_changes.change_requests import Changeability
from orders.cancellation.status import CancellationStatus
from orders.models import Backorder, CustomerInvoice, Order, OrderLine, ReturnAuthorization
from orders.returns.eligibility import Returnable
from storefront.identity.current import may_sell
from storefront.web.core import formats
from storefront.web.orders import address_change
from storefront.web.orders.tracking import ParcelView

Status = Order.Status
BOUGHT = (*Order.ACTIVE, Status.COMPLETED)
ALL_PACKED = gettext_lazy("Everything is packed or has shipped. You can return it after delivery.")
ALL_RETURNED = gettext_lazy("You have already returned it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What the order page has read. ``returnable`` is None if there is no purchase order."""

    order: Order
    lines: Sequence[OrderLine]
    parcels: Sequence[ParcelView]
    questions: Sequence[Backorder]
    cancellation: CancellationStatus
    changeability: Changeability | None
    returnable: Returnable | None
    invoices: Sequence[CustomerInvoice]
    is_edited: bool = False  # a newer order has its content


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One entry of "What you can do now".

    Open: it has a ``url``, and is a link, or a button if ``is_posted``. A button with a
    ``question`` asks it first; ``yes`` is its confirmation. Closed: it has no ``url``, and
    ``reason`` says why, and what is possible instead.
    """

    label: Promise | str
    url: str = ""
    is_posted: bool = False
    question: Promise | str = ""
    yes: Promise | str = ""
    reason: Promise | str = ""


def list_actions(facts: OrderFacts) -> tuple[list[Action], list[Action]]:
    """Return the open and the closed entries, each in the order of ``ACTIONS``."""
    entries = [entry for action in ACTIONS if (entry := action(facts)) is not None]
    return [each for each in entries if each.url], [each for each in entries if not each.url]


def can_cancel(facts: OrderFacts) -> bool:
    """Return whether the cancellation of anything that was paid can be requested."""
    return (
        facts.order.status in Order.ACTIVE
        and facts.cancellation != CancellationStatus.ASKED
        and (bool(facts.questions) or any(not parcel.is_packed for parcel in facts.parcels))
    )


def _url(name: str, facts: OrderFacts, **query: Any) -> str:
    return reverse(name, args=[facts.order.number, facts.order.access_key], query=query)


def _change_address(facts: OrderFacts) -> Action | None:
    if facts.order.status not in BOUGHT:
        return None
    label = gettext_lazy("Change delivery address")
    obstacle = address_change.find_obstacle(facts.order, facts.changeability, facts.cancellation)
    if obstacle is None:
        return Action(label=label, url=_url("order_address", facts))
    return Action(label=label, reason=obstacle)


def _cancel_order(facts: OrderFacts) -> Action | None:
    if facts.order.status not in BOUGHT:
        return None
    label = gettext_lazy("Cancel order")
    if can_cancel(facts):
        return Action(
            label=label,
            url=_url("order_cancel", facts),
            is_posted=True,
            question=gettext_lazy("Everything that is not packed yet is canceled and refunded."),
            yes=gettext_lazy("Yes, cancel order"),
        )
    is_asked = facts.cancellation == CancellationStatus.ASKED
    return Action(label=label, reason=address_change.CANCELING if is_asked else ALL_PACKED)


def _cancel_items(facts: OrderFacts) -> Action | None:
    units = sum(line.quantity - line.canceled_quantity for line in facts.lines)
    if facts.order.status not in Order.ACTIVE or units < 2:  # noqa: PLR2004 - one unit is the whole order
        return None
    label = gettext_lazy("Cancel single items")
    if can_cancel(facts):
        return Action(label=label, url=_url("order_cancel_items", facts))
    is_asked = facts.cancellation == CancellationStatus.ASKED
    return Action(label=label, reason=address_change.CANCELING if is_asked else ALL_PACKED)


def _return_items(facts: OrderFacts) -> Action | None:
    if facts.order.status not in BOUGHT:
        return None
    label, known = gettext_lazy("Return faulty or wrong items"), facts.returnable
    if known and known.complaint_units:
        return Action(label=label, url=_url("order_return", facts))
    has_arrived = any(line.delivered_quantity for line in facts.lines)
    return Action(
        label=label,
        reason=gettext_lazy("You have returned it, or its warranty has ended.")
        if has_arrived
        else gettext_lazy("You can do this after delivery."),
    )


def _report_problem(facts: OrderFacts) -> Action | None:
    """Lead to the page that says what can be reported about each parcel, and from when."""
    if facts.order.status not in BOUGHT:
        return None
    label = gettext_lazy("Report a problem with a parcel")
    if any(parcel.is_packed for parcel in facts.parcels):
        return Action(label=label, url=_url("order_problems", facts))
    return Action(label=label, reason=gettext_lazy("You can do this when a parcel is on its way."))


def _withdraw(facts: OrderFacts) -> Action | None:
    if facts.order.status not in BOUGHT:
        return None
    label, known = gettext_lazy("Withdraw from the contract"), facts.returnable
    if known and known.withdrawal_units:
        kind = ReturnAuthorization.Kind.WITHDRAWAL.value
        return Action(label=label, url=_url("order_return", facts, kind=kind))
    if known and known.is_withdrawal_over:
        return Action(label=label, reason=_over_text(known))
    if any(line.shipped_quantity for line in facts.lines):
        return Action(label=label, reason=ALL_RETURNED)
    return Action(
        label=label,
        reason=gettext_lazy("Nothing has shipped yet. Cancel the order instead.")
        if can_cancel(facts)
        else gettext_lazy("You can do this when it has shipped."),
    )


def _over_text(known: Returnable) -> Promise | str:
    if known.withdrawal_deadline is None:
        return gettext_lazy("The withdrawal period is over.")
    last_day = formats.day(known.withdrawal_deadline, get_language() or "en")
    return _("The withdrawal period ended on %(day)s.") % {"day": last_day}


def _buy_again(facts: OrderFacts) -> Action | None:
    order = facts.order
    ended = {Status.EXPIRED, Status.CANCELED, Status.COMPLETED}
    is_over = order.status in ended and not facts.is_edited
    if not is_over or not order.total_amount or not may_sell():
        return None
    is_expired = order.status == Status.EXPIRED
    return Action(
        label=gettext_lazy("Put items back into cart") if is_expired else gettext_lazy("Buy again"),
        url=_url("order_again", facts),
        is_posted=True,
    )


def _invoice(facts: OrderFacts) -> Action | None:
    order, label = facts.order, gettext_lazy("Download invoice")
    if facts.invoices:
        path_args = [order.number, order.access_key, facts.invoices[0].number]
        return Action(label=label, url=reverse("order_invoice", args=path_args))
    if order.status not in BOUGHT or not order.total_amount:
        return None
    return Action(label=label, reason=gettext_lazy("Your invoice follows when your items ship."))


def _write_to_us(facts: OrderFacts) -> Action:
    return Action(label=gettext_lazy("Write to us"), url=_url("order_message", facts))


ACTIONS: tuple[Callable[[OrderFacts], Action | None], ...] = (
    _buy_again,
    _change_address,
    _cancel_order,
    _cancel_items,
    _report_problem,
    _return_items,
    _withdraw,
    _invoice,
    _write_to_us,
)
