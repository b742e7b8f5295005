"""Settling acts: list which quick actions a rule may run, what each may lose, and how to undo it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.listings import price_approvals
from orders.purchasing.holds import holds
from orders.purchasing.holds.rules import INSUFFICIENT_MARGIN
from shipping.shipments.carrier_confirmation import restore_finding
from storefront.dashboard.inbox import actions, hold_reasons
from storefront.dashboard.inbox.actions import KEEP_CARRIER, WAIVE, QuickAction
from storefront.dashboard.inbox.query import InboxItem
from storefront.dashboard.inbox.rule import InboxRule
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.lib.money import Money

type Undo = Callable[[Any, str, datetime], object]

CAN_BE_UNDONE = _("Each settled item can be undone in the log.")
ASKS_ONLY = _("The action only asks or starts a job, so there is nothing to undo.")
CANNOT_BE_UNDONE = _("The action cannot be undone.")
# Actions that record what a person did, or that always act on all rows.
FOR_PEOPLE = frozenset({"mark_sent"})
ASKING = frozenset({"look_up", "sync_stock", "sync_prices", "sync", "fetch", "reconcile"})
UNDO: Mapping[str, Undo] = {
    KEEP_CARRIER.code: lambda row, actor, now: restore_finding(parcel=row, actor=actor, now=now),
    "reject": lambda row, actor, now: price_approvals.reopen(hold=row, actor=actor, now=now),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlingAct:
    """A quick action of a cause, for rules. ``loses_money``: a rule needs limits."""

    cause: InboxRule
    action: QuickAction

    @property
    def key(self) -> str:
        return f"{self.cause.code}:{self.action.code}"

    @property
    def loses_money(self) -> bool:
        return self.action is WAIVE

    @property
    def undo(self) -> Undo | None:
        return UNDO.get(self.action.code)

    @property
    def undo_text(self) -> str | Promise:
        if self.undo:
            return CAN_BE_UNDONE
        return ASKS_ONLY if self.action.code in ASKING else CANNOT_BE_UNDONE

    def amount(self, item: InboxItem) -> Money | None:
        """Return the amount that the limits of a rule compare: the loss, if the act loses money."""
        if not self.loses_money:
            return item.at_risk
        reasons = hold_reasons.parse(item.raw)
        currencies = {reason.get("currency", "") for reason in reasons}
        if not _are_known_losses(reasons) or len(currencies) != 1:
            return None
        total = sum((Decimal(reason["amount"]) for reason in reasons), Decimal(0))
        return Money(total, currencies.pop())

    def parts(self, item: InboxItem) -> list[str]:
        """Return the parts of the item to act on; none if the act does not fit the item."""
        if not self.loses_money:
            return [""]
        reasons = hold_reasons.parse(item.raw)
        return [holds.reason_key(reason) for reason in reasons] if self.amount(item) else []


def _are_known_losses(reasons: list[dict[str, Any]]) -> bool:
    return bool(reasons) and all(
        reason["code"] == INSUFFICIENT_MARGIN and reason.get("amount") for reason in reasons
    )


ACTS: Mapping[str, SettlingAct] = {
    act.key: act
    for cause in RULES
    for action in actions.QUICK_ACTIONS.get(cause.code, ())
    if (action.effect and action.code not in FOR_PEOPLE) or action is WAIVE
    for act in (SettlingAct(cause=cause, action=action),)
}
