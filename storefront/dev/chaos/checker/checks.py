"""Chaos checks: compare external records with ours, report violations. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from storefront.dev.chaos.observations.history import (
    CustomerPurchase,
    Evidence,
    GatewayPayment,
    OurPurchase,
    SupplierOrder,
)
from storefront.dev.chaos.plan import PaymentOutcome

SERVED = "customers get what they buy"
NOT_OVERSOLD = "nothing is oversold"
SUBMITTED_ONCE = "each paid order is submitted once"
MONEY = "payments match orders"
MAILS = "each e-mail arrives once"
INVARIANTS = "the invariants hold"
STORES = "stores and shop agree on orders, parcels, money and stock"
EVENTS = "each event arrives, in order for each record"
NOT_SUBMITTED = frozenset({"canceled", "on_hold"})
SHIPPED_STATUSES = frozenset({"shipped", "closed"})
UNCONFIRMED = "sending"  # the sending worker was killed: staff check it, no program sends it again
CONFIRMATION = "order_placed"
FAILED_PARCEL, LATE_PARCEL = "parcel_problem", "parcel_silent"
REFUND, REPLACEMENT = "refund", "replacement"
MAX_EXAMPLES = 5
MAX_MISSED_SHARE = 0.2
MAX_WORDS = 200
SLOW_PAGE_S, MAX_SLOW_SHARE = 1.5, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One violated promise, with its number of violations and the first of them."""

    promise: str
    count: int
    examples: Sequence[str]

    @property
    def words(self) -> str:
        return f"{self.promise}: {self.count} ({'; '.join(self.examples)})"


def check_all(evidence: Evidence) -> list[Violation]:
    """Return the violations of all promises."""
    found = []
    for promise, check in PROMISES.items():
        if broken := list(check(evidence)):
            found.append(
                Violation(promise=promise, count=len(broken), examples=broken[:MAX_EXAMPLES])
            )
    return found


def paid_by_order(charges: Sequence[GatewayPayment]) -> dict[str, list[GatewayPayment]]:
    """Return by order the payments that are not fully released or refunded."""
    kept: dict[str, list[GatewayPayment]] = {}
    for one in charges:
        if one.authorized - one.released - one.refunded > 0:
            kept.setdefault(one.order, []).append(one)
    return kept


def _check_served(evidence: Evidence) -> Iterator[str]:
    """Check that customers were served: a shop that sells nothing keeps all other promises.

    A refunded payment counts: a supplier canceled the order, or the customer returned it.
    """
    kept = {one.payment for one in evidence.charges if one.authorized > one.released}
    payers = [one for one in evidence.purchases if one.planned.outcome is PaymentOutcome.PAYS]
    hot = sum(one.planned.goods == 0 for one in payers)
    expected = len(payers) - max(0, hot - evidence.stock)  # more cannot be served
    got = sum(one.payment in kept for one in payers)
    if not expected or 2 * got < expected:
        yield f"{got} of {expected} paying customers got anything"
    for one in evidence.purchases:
        if one.end == "lost":
            yield f"a customer of {one.phase} gave up: {one.words}"[:MAX_WORDS]


def _check_stock(evidence: Evidence) -> Iterator[str]:
    hot = {one.payment for one in evidence.purchases if one.planned.goods == 0}
    kept = paid_by_order(evidence.charges)
    sold = [number for number, some in kept.items() if any(one.payment in hot for one in some)]
    for number in sold[evidence.stock :]:
        yield f"{number} exceeds the stock of {evidence.stock}"


def find_overselling(purchases: Sequence[CustomerPurchase], *, stock: int) -> list[Violation]:
    """Report customers who could pay for the hot product beyond its stock.

    Only for runs without cancellations. If a unit is oversold, the supplier's rejection leads to a
    refund: the final state is correct, but the sale was wrong.
    """
    led = [one.number or one.payment for one in purchases if one.planned.goods == 0 and one.payment]
    if len(led) <= stock:
        return []
    examples = [f"{name} could pay beyond the stock of {stock}" for name in led[stock:]]
    return [Violation(promise=NOT_OVERSOLD, count=len(examples), examples=examples[:MAX_EXAMPLES])]


def _check_lost(evidence: Evidence) -> Iterator[str]:
    """Check that each order and payment that a customer saw exists."""
    known = {number for order in evidence.shop.orders for number in order.payments}
    numbers = {order.number for order in evidence.shop.orders}
    for one in evidence.purchases:
        if one.payment and one.payment not in known:
            yield f"payment {one.payment} belongs to no order of the shop"
        if one.number and one.number not in numbers:
            yield f"{one.number} was shown, but no longer exists"
    for number in paid_by_order(evidence.charges):
        if number not in numbers:
            yield f"{number} is paid, but is not an order of the shop"
    yield from _check_refunds(evidence)


def _check_refunds(evidence: Evidence) -> Iterator[str]:
    """Check that paid orders were refunded only if they could not be shipped."""
    kept = {one.payment for some in paid_by_order(evidence.charges).values() for one in some}
    orders = {number: one for one in evidence.shop.orders for number in one.payments}
    for one in evidence.purchases:
        if one.end != "paid" or one.payment in kept or one.payment not in orders:
            continue
        order = orders[one.payment]
        if order.number in evidence.refunds:
            continue  # the amount is checked elsewhere
        if order.status != "canceled" or not _is_lost(order.number, evidence):
            mine = [one for one in evidence.shop.purchases if one.order == order.number]
            words = ", ".join(f"{one.number} {one.status} {one.submission_status}" for one in mine)
            yield f"{order.number} was paid, is {order.status}, and was refunded: {words}"


def _is_lost(order: str, evidence: Evidence) -> bool:
    """Return whether suppliers had the order, and none could ship any of it."""
    ended = [each for each in evidence.shop.purchases if each.order == order]
    return bool(ended) and all(_is_rejected(each, evidence) for each in ended)


def _is_rejected(purchase: OurPurchase, evidence: Evidence) -> bool:
    """Return whether the supplier rejected or canceled it, or we requested its cancellation."""
    if purchase.is_cancel_requested:
        return True
    received = [one for one in evidence.supplier_orders if one.number == purchase.number]
    if received:
        return all(one.is_canceled for one in received)
    return any(one.number == purchase.number and not one.is_accepted for one in evidence.attempts)


def _check_submissions(evidence: Evidence) -> Iterator[str]:
    ours = {one.number: one for one in evidence.shop.purchases}
    theirs = Counter(one.number for one in evidence.supplier_orders)
    by_order: dict[str, list[OurPurchase]] = {}
    for one in evidence.shop.purchases:
        by_order.setdefault(one.order, []).append(one)
    yield from _find_resubmissions(evidence)
    for number, times in theirs.items():
        if times > 1:
            yield f"{number} was ordered {times} times"
        if number not in ours:
            yield f"the supplier has {number}, which is not a purchase order of the shop"
    for order in paid_by_order(evidence.charges):
        live = [one for one in by_order.get(order, []) if one.status not in NOT_SUBMITTED]
        if not live:
            yield f"{order} is paid, but no supplier has to ship it"
        for one in live:
            if not theirs[one.number]:
                yield f"{one.number} is {one.submission_status}, but the supplier does not have it"


def _find_resubmissions(evidence: Evidence) -> Iterator[str]:
    """Report submissions of an order after it was accepted, even if the supplier rejects them."""
    taken: set[str] = set()
    for attempt in evidence.attempts:
        if attempt.number in taken:
            yield f"{attempt.number} was submitted again after the supplier accepted it"
        if attempt.is_accepted:
            taken.add(attempt.number)


def _check_agreement(evidence: Evidence) -> Iterator[str]:
    """Compare units and status of each order with those at the supplier."""
    ours = {one.number: one for one in evidence.shop.purchases}
    for theirs in evidence.supplier_orders:
        if (mine := ours.get(theirs.number)) is None:
            continue  # reported above
        if theirs.units != mine.units and not theirs.is_canceled:
            yield f"{theirs.number}: {theirs.units} are shipped, {mine.units} were ordered"
        if _contradicts(theirs, mine):
            yield (f"{theirs.number}: {theirs.status} at the supplier, {mine.status} in the shop")


def _contradicts(theirs: SupplierOrder, mine: OurPurchase) -> bool:
    """Return whether the statuses contradict. A shipment notice may still be on its way to us."""
    is_unfounded = mine.status in SHIPPED_STATUSES and not theirs.is_shipped
    return theirs.is_canceled != (mine.status == "canceled") or is_unfounded


def _check_money(evidence: Evidence) -> Iterator[str]:
    """Compare the gateway's ledger with the agreed amounts and with our orders."""
    agreed = {one.payment: int(one.agreed * 100) for one in evidence.purchases if one.payment}
    charged: Counter[str] = Counter()
    for purchase in evidence.shop.purchases:
        if purchase.status not in NOT_SUBMITTED:
            charged[purchase.order] += purchase.charge
    totals = {order.number: order.total for order in evidence.shop.orders if order.is_whole}
    for one in evidence.charges:
        if one.payment in agreed and one.amount != agreed[one.payment]:
            yield f"{one.order}: agreed {agreed[one.payment]}, asked {one.amount}"
        if one.held:
            yield f"{one.order}: {one.held} is still authorized, {one.status}"
    taken: Counter[str] = Counter()
    for one in evidence.charges:
        taken[one.order] += one.captured - one.refunded
    for order, amount in taken.items():
        # If a supplier cancels the whole order, the rest is refunded, whatever was refunded before.
        wanted = max(0, charged[order] - evidence.refunds.get(order, 0))
        if amount != wanted:
            yield f"{order}: {amount} was captured, {wanted} is due"
        if order in totals and charged[order] not in {0, totals[order]}:
            yield f"{order}: {charged[order]} is charged, the total is {totals[order]}"


def _check_claims(evidence: Evidence) -> Iterator[str]:
    theirs = Counter(evidence.disputes)
    for number in evidence.claims:
        if theirs[number] != 1:
            yield f"{number} was submitted {theirs[number]} times"
    for number in theirs.keys() - set(evidence.claims):
        yield f"the supplier has {number}, which is not a claim of the shop"


def _check_backorder_answers(evidence: Evidence) -> Iterator[str]:
    """Compare each customer's answer to a backorder with the result.

    A customer who waits is refunded only if no supplier could ship it. Only orders of one line are
    checked, because other orders stay paid for the lines that ship.
    """
    kept = paid_by_order(evidence.charges)
    single = {one.number for one in evidence.shop.orders if one.lines == 1}
    for number, choice in evidence.answers.items():
        if number not in single:
            continue
        if choice != REFUND and number not in kept and _is_lost(number, evidence):
            continue
        if choice == REPLACEMENT and number in evidence.refunds:
            continue  # it could not be replaced; the amount is checked elsewhere
        if (choice == REFUND) == (number in kept):
            yield f"{number} was answered {choice}, and is {'' if number in kept else 'not '}paid"


def _check_mails(evidence: Evidence) -> Iterator[str]:
    came = Counter(one.message_id for one in evidence.emails)
    known = {one.message_id: one for one in evidence.shop.mails}
    for name, times in came.items():
        if times > 1:
            yield f"{name} arrived {times} times"
        if name not in known:
            yield f"{name} arrived, but the shop does not know it"
    confirmed = Counter(one.order for one in evidence.shop.mails if one.template == CONFIRMATION)
    for one in evidence.shop.mails:
        if one.status != UNCONFIRMED and not came[one.message_id]:
            yield f"{one.template} of {one.order} is {one.status}, but never arrived"
    for order in paid_by_order(evidence.charges):
        if confirmed[order] != 1:
            yield f"{order} is paid, but was confirmed {confirmed[order]} times"


def _check_return_labels(evidence: Evidence) -> Iterator[str]:
    for reference, times in Counter(evidence.return_labels).items():
        if times > 1:
            yield f"label {reference} was bought {times} times"


def _check_text_messages(evidence: Evidence) -> Iterator[str]:
    arrived = Counter(evidence.text_messages)
    ours: dict[str, list[str]] = {number: [] for number in arrived}
    for one in evidence.shop.text_messages:
        ours.setdefault(one.recipient, []).append(one.status)
    for number, statuses in ours.items():
        sent, doubtful = statuses.count("sent"), statuses.count(UNCONFIRMED)
        if not sent <= arrived[number] <= sent + doubtful:
            yield f"{number} got {arrived[number]} text messages, {sent} were sent"


def _check_failed_parcels(evidence: Evidence) -> Iterator[str]:
    """Check that each parcel was told once, and a lost or returned one settled once."""
    yield from evidence.wrong_parcels
    told = Counter((one.order, one.template) for one in evidence.shop.mails)
    for number, count in Counter(evidence.failed_parcels).items():
        if told[number, FAILED_PARCEL] != count:
            yield f"{number}: {count} parcels failed, {told[number, FAILED_PARCEL]} were told"
    for number, count in Counter(evidence.late_parcels).items():
        if told[number, LATE_PARCEL] != count:
            yield f"{number}: {count} parcels are late, {told[number, LATE_PARCEL]} were told"


def _check_idempotency(evidence: Evidence) -> Iterator[str]:
    """Check that one key has one answer, and one order or none as the answer says."""
    for one in evidence.repeated_orders:
        responses = set(one.answers)
        if len(responses) > 1:
            yield f"one key got {len(responses)} different responses: {sorted(responses)}"[
                :MAX_WORDS
            ]
        wanted = sum(status == HTTPStatus.CREATED for status, _ in responses)
        if responses and one.orders != wanted:
            yield f"one key made {one.orders} orders, but reported {wanted}"


def _check_page_times(evidence: Evidence) -> Iterator[str]:
    """Check that most pages were fast while the gateway hung; a busy machine delays some."""
    slow = [each for each in evidence.page_times_s if each >= SLOW_PAGE_S]
    if len(slow) > len(evidence.page_times_s) * MAX_SLOW_SHARE:
        slow_pages = f"{len(slow)} of {len(evidence.page_times_s)} pages took over {SLOW_PAGE_S} s"
        yield f"{slow_pages} while the gateway hung"


def _check_unpaid_orders(evidence: Evidence) -> Iterator[str]:
    """Check that the unpaid orders of one network are limited; invariants check stock."""
    statuses = set(evidence.unpaid_order_statuses)
    if statuses and not {HTTPStatus.CREATED, HTTPStatus.CONFLICT} <= statuses:
        yield f"{len(evidence.unpaid_order_statuses)} unpaid orders of one network were answered {sorted(statuses)}"


def _check_faults_happened(evidence: Evidence) -> Iterator[str]:
    """Check that the faults happened: without them a run proves nothing. A few have no target."""
    yield from evidence.errors
    for name in evidence.unreached_failpoints:
        yield f"no process died at {name}"
    for supplier in evidence.canceling_suppliers:
        if not any(
            one.is_canceled and one.supplier == supplier for one in evidence.supplier_orders
        ):
            yield f"{supplier} canceled nothing"
    if evidence.canceling_suppliers and not evidence.returned:
        yield "nothing was returned"
    if evidence.canceling_suppliers and not evidence.failed_parcels:
        yield "no parcel was lost"
    if evidence.canceling_suppliers and not evidence.late_parcels:
        yield "no parcel was late"
    for name in evidence.silent:
        yield f"{name} had no activity after the last fault"
    attempted = evidence.injected + len(evidence.missed)
    if attempted < evidence.planned:
        yield f"{attempted} of {evidence.planned} planned faults happened"
    if len(evidence.missed) > evidence.planned * MAX_MISSED_SHARE:
        yield f"{len(evidence.missed)} of {evidence.planned} faults failed: {evidence.missed[0]}"


PROMISES: Mapping[str, Callable[[Evidence], Iterable[str]]] = {
    SERVED: _check_served,
    NOT_OVERSOLD: _check_stock,
    "no order is lost": _check_lost,
    SUBMITTED_ONCE: _check_submissions,
    "supplier and shop agree on orders": _check_agreement,
    MONEY: _check_money,
    MAILS: _check_mails,
    "each text message arrives once": _check_text_messages,
    "each failed or late parcel is told and settled once": _check_failed_parcels,
    "each claim is submitted once": _check_claims,
    "a customer's backorder choice is followed": _check_backorder_answers,
    "each return is stored once": lambda one: one.wrong_returns,
    "each return label is bought once": _check_return_labels,
    STORES: lambda one: one.wrong_store_orders,
    EVENTS: lambda one: one.wrong_events,
    "the day's money reconciles": lambda one: one.reconciliation_problems,
    "one key has one effect": _check_idempotency,
    "pages respond while the gateway hangs": _check_page_times,
    "one network reserves no more than its limit": _check_unpaid_orders,
    "no forged webhook is accepted": lambda one: one.mishandled_webhooks,
    "planned faults happened": _check_faults_happened,
    "no work is left": lambda one: one.shop.open_work,
    INVARIANTS: lambda one: one.shop.violated_invariants,
}
