"""Find what went wrong: in what those outside know, and where we claim something else. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from storefront.chaos.evidence import Charge, Evidence, OurPurchase

GONE = frozenset({"canceled", "expired"})
NOT_TOLD = frozenset({"canceled", "on_hold"})
IN_DOUBT = "delivering"  # who sent it died: staff look, no machine sends it twice
CONFIRMATION = "order_placed"
MOST_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One promise that was broken, how often, and where first."""

    promise: str
    count: int
    examples: Sequence[str]

    @property
    def words(self) -> str:
        return f"{self.promise}: {self.count} ({'; '.join(self.examples)})"


def judge(evidence: Evidence) -> list[Violation]:
    """Check every promise; an empty list is a good one."""
    checks: dict[str, Callable[[Evidence], Iterable[str]]] = {
        "nothing is sold that is not there": _oversold,
        "no order is lost": _lost,
        "each paid order is told once": _told_once,
        "money is what orders say": _money,
        "each mail comes once": _mails,
        "each claim is told once": _claims,
        "the day's money reconciles": lambda one: one.audit,
        "no forged letter is believed": lambda one: one.wrong_letters,
        "nothing is left to be done": lambda one: one.ours.left,
        "the invariants hold": lambda one: one.ours.broken,
    }
    found = []
    for promise, check in checks.items():
        if broken := list(check(evidence)):
            found.append(Violation(promise=promise, count=len(broken), examples=broken[:MOST_TOLD]))
    return found


def paid(charges: Sequence[Charge]) -> dict[str, list[Charge]]:
    """Group by order what the gateway holds or took, and did not give back."""
    kept: dict[str, list[Charge]] = {}
    for one in charges:
        if one.authorized - one.released > 0:
            kept.setdefault(one.order, []).append(one)
    return kept


def _oversold(evidence: Evidence) -> Iterator[str]:
    hot = {one.payment for one in evidence.purchases if one.wish.goods == 0}
    kept = paid(evidence.charges)
    sold = [number for number, some in kept.items() if any(one.payment in hot for one in some)]
    for number in sold[evidence.stock :]:
        yield f"{number} has none of the {evidence.stock}"


def _lost(evidence: Evidence) -> Iterator[str]:
    """Miss what a shopper was shown: his order, and the payment that he saw."""
    known = {number for order in evidence.ours.orders for number in order.payments}
    numbers = {order.number for order in evidence.ours.orders}
    for one in evidence.purchases:
        if one.payment and one.payment not in known:
            yield f"payment {one.payment} belongs to no order of ours"
        if one.number and one.number not in numbers:
            yield f"{one.number} was shown, and is no more"
    for number in paid(evidence.charges):
        if number not in numbers:
            yield f"{number} is paid, and is no order of ours"


def _told_once(evidence: Evidence) -> Iterator[str]:
    ours = {one.number: one for one in evidence.ours.purchases}
    theirs = Counter(one.number for one in evidence.told)
    by_order: dict[str, list[OurPurchase]] = {}
    for one in evidence.ours.purchases:
        by_order.setdefault(one.order, []).append(one)
    for number, times in theirs.items():
        if times > 1:
            yield f"{number} was ordered {times} times"
        if number not in ours:
            yield f"he has {number}, which is no purchase order of ours"
    for order in paid(evidence.charges):
        live = [one for one in by_order.get(order, []) if one.status not in NOT_TOLD]
        if not live:
            yield f"{order} is paid, and no supplier is to ship it"
        for one in live:
            if not theirs[one.number]:
                yield f"{one.number} is {one.request_status}, and he does not have it"


def _money(evidence: Evidence) -> Iterator[str]:
    """Compare the gateway's book with what shoppers agreed to, and what orders come to."""
    agreed = {one.payment: int(one.agreed * 100) for one in evidence.purchases if one.payment}
    charged: Counter[str] = Counter()
    for purchase in evidence.ours.purchases:
        if purchase.status not in NOT_TOLD:
            charged[purchase.order] += purchase.charge
    totals = {order.number: order.total for order in evidence.ours.orders}
    for one in evidence.charges:
        if one.payment in agreed and one.amount != agreed[one.payment]:
            yield f"{one.order}: agreed {agreed[one.payment]}, asked {one.amount}"
        if one.held:
            yield f"{one.order}: {one.held} is still held, {one.status}"
    for order, some in paid(evidence.charges).items():
        taken = sum(one.captured - one.refunded for one in some)
        wanted = charged[order] - evidence.refunds.get(order, 0)
        if taken != wanted:
            yield f"{order}: {taken} was taken, {wanted} is owed"
        if charged[order] not in {0, totals.get(order)}:
            yield f"{order}: {charged[order]} is charged, it comes to {totals.get(order)}"


def _claims(evidence: Evidence) -> Iterator[str]:
    his = Counter(evidence.disputes)
    for number in evidence.claims:
        if his[number] != 1:
            yield f"{number} was told {his[number]} times"
    for number in his.keys() - set(evidence.claims):
        yield f"he has {number}, which nobody claimed"


def _mails(evidence: Evidence) -> Iterator[str]:
    came = Counter(one.message_id for one in evidence.letters)
    known = {one.message_id: one for one in evidence.ours.mails}
    for name, times in came.items():
        if times > 1:
            yield f"{name} came {times} times"
        if name not in known:
            yield f"{name} came, and nobody knows of it"
    confirmed = Counter(one.order for one in evidence.ours.mails if one.template == CONFIRMATION)
    for one in evidence.ours.mails:
        if one.status != IN_DOUBT and not came[one.message_id]:
            yield f"{one.template} of {one.order} is {one.status}, and never came"
    for order in paid(evidence.charges):
        if confirmed[order] != 1:
            yield f"{order} is paid, and was confirmed {confirmed[order]} times"
