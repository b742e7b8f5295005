"""Closed actions of the order page: say why an action is not possible, and what to do instead."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import Order

Status = Order.Status
ENDED = _("The order has ended.")
COMPLETED = _("The order is completed. Create a return instead.")
UNPAID = _("The order is not paid yet.")
# For any action on an order that has ended or is not paid.
BY_STATUS: Mapping[str, Promise] = {
    Status.CANCELED: ENDED,
    Status.EXPIRED: ENDED,
    Status.COMPLETED: COMPLETED,
    Status.PENDING_PAYMENT: UNPAID,
}


def _by_status(order: Any) -> Promise | None:
    return BY_STATUS.get(order.status)


def _why_no_edit(order: Any) -> Promise:
    if order.status in {Status.CANCELED, Status.EXPIRED}:
        return ENDED
    return _("It is paid. Cancel items, or create another order for what is missing.")


def _why_no_refund(order: Any) -> Promise:
    if order.captured:
        return _("Everything that was charged is refunded.")
    return BY_STATUS.get(order.status) or _(
        "Nothing is charged yet. Cancel items instead: the customer does not pay for them."
    )


def _why_no_return(order: Any) -> Promise:
    if order.shipped:
        return _("All shipped items are in a return.")
    return BY_STATUS.get(order.status) or _("Nothing has shipped yet. Cancel items instead.")


REASONS: Mapping[str, Callable[[Any], Promise | None]] = {
    "edit_unpaid": _why_no_edit,
    "cancel": _by_status,
    "cancel_items": _by_status,
    "refund": _why_no_refund,
    "open_return": _why_no_return,
    "hold": _by_status,
    "correct_address": _by_status,
    "write_to_customer": lambda _order: _("The sales channel writes to this customer."),
}


def load(order: Any, *, request: HttpRequest) -> list[tuple[Sequence[str], Promise]]:
    """Return the labels of the actions that do not apply to an order, by reason.

    Only actions that the user may run; ``order`` is of ``Order.objects.with_progress``.
    """
    page: Any = admin.site.get_model_admin(Order)
    labels = defaultdict(list)
    for name, reason_of in REASONS.items():
        act = getattr(page, name)
        may_run = all(
            getattr(page, f"has_{right}_permission")(request) for right in act.allowed_permissions
        )
        if may_run and not page.available_if[name](order) and (reason := reason_of(order)):
            labels[reason].append(str(act.short_description))
    return [(names, reason) for reason, names in labels.items()]
