"""Hold rules: check a purchase order before submission, list the reasons to hold it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orders.pricing.margins import Account
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """One line as sold and as it is now; costs are per unit in the supplier's currency.

    ``lacks`` maps missing certificates, code to name. ``account`` is the line's margin at current
    cost; None if unknown. ``discount`` is its share of promotions. ``forbidden_in`` is the
    destination country, if restricted.
    """

    sku: str
    title: str
    quantity: int
    cost_sold: Money
    cost_now: Money | None
    reported_now: int
    lacks: Mapping[str, str]
    account: Account | None = None
    discount: Money | None = None
    forbidden_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Input of the hold rules.

    ``account`` is the margin of the parcel in the channel's currency; None if unknown:
    ``missing_rates`` lists unreliable pairs such as ``USD-EUR``, ``missing_terms`` names what has
    no selling costs. ``routes`` are the supplier's shipping methods for this parcel; None if it did
    not answer. ``promotions`` are those of the whole order. ``balance`` is our prepaid balance at
    the supplier and ``price`` what it deducts; None if it is paid otherwise.
    """

    address_problems: Sequence[str]
    supplier_is_active: bool
    lines: Sequence[LineFacts]
    carrier_service: str
    routes: frozenset[str] | None
    battery_is_allowed: bool
    account: Account | None
    missing_rates: Sequence[str]
    missing_terms: str
    secured: Money
    charge: Money
    promotions: Sequence[str] = ()
    balance: Money | None = None
    price: Money | None = None
    doubts: Sequence[Reason] = ()  # disputes and fraud warnings


@dataclass(frozen=True, slots=True)
class Reason:
    """A hold reason: a code for rules, a sentence for staff.

    ``amount`` measures it, where it is money. ``subject`` tells it from others of the same code:
    the line, and without an amount also the fault, because a waiver covers exactly that.
    """

    code: str
    sentence: str
    subject: str = ""
    amount: Money | None = None

    def kept(self) -> dict[str, str]:
        """Return the reason as JSON."""
        amount = self.amount
        return {
            "code": self.code,
            "sentence": self.sentence,
            "subject": self.subject,
            "amount": "" if amount is None else str(amount.amount),
            "currency": "" if amount is None else amount.currency,
        }


def is_waived(reason: Reason, waived: Iterable[Mapping[str, Any]]) -> bool:
    """Return True if staff waived this reason with the same or a higher amount."""
    return any(_covers(kept, reason) for kept in waived)


def _covers(kept: Mapping[str, Any], reason: Reason) -> bool:
    now = reason.kept()
    if any(kept.get(name, "") != now[name] for name in ("code", "subject", "currency")):
        return False
    return reason.amount is None or reason.amount.amount <= Decimal(kept["amount"])


NO_RATE = "rate"
NO_EVIDENCE = "evidence"
NO_MARGIN = "margin"
NO_BALANCE = "balance"
NO_WAY = "no_way"
RESTRICTED = "restricted"
# Reasons found by these rules: a new check can remove them.
CHECKS = frozenset(
    {
        "supplier",
        "address",
        "payment",
        NO_BALANCE,
        "stock",
        "cost",
        NO_EVIDENCE,
        "battery",
        "route",
        NO_WAY,
        RESTRICTED,
        NO_MARGIN,
        NO_RATE,
    }
)
COST_DRIFT_RATE = Decimal("0.02")  # tolerance for rounding


def reasons_to_hold(facts: Facts) -> list[Reason]:
    """Return all hold reasons; an empty list means it may be submitted."""
    found: list[Reason] = []
    if not facts.supplier_is_active:
        found.append(Reason("supplier", "The supplier is paused or blocked."))
    if facts.address_problems:
        fields = ", ".join(facts.address_problems)
        sentence = f"The address is incomplete: {fields}."
        found.append(Reason("address", sentence, subject=fields))
    found += _money_reasons(facts)
    found += facts.doubts
    for line in facts.lines:
        found += _line_reasons(line, facts.promotions)
    if not facts.battery_is_allowed:
        sentence = f"{facts.carrier_service} does not accept the battery in this parcel."
        found.append(Reason("battery", sentence, subject=facts.carrier_service))
    if facts.routes is not None and not facts.routes:
        found.append(Reason(NO_WAY, "The supplier has no shipping method to this address."))
    elif facts.routes is not None and facts.carrier_service not in facts.routes:
        offered = ", ".join(sorted(facts.routes))
        sentence = f"The supplier offers {offered}, not {facts.carrier_service}."
        found.append(Reason("route", sentence, subject=f"{facts.carrier_service}: {offered}"))
    for pair in facts.missing_rates:
        sentence = (
            f"The exchange rate {pair} is missing, outdated or awaiting approval, so the "
            "margin is unknown."
        )
        found.append(Reason(NO_RATE, sentence, subject=pair))
    if facts.missing_terms:
        sentence = f"No selling fees are set for {facts.missing_terms}, so the margin is unknown."
        found.append(Reason(NO_MARGIN, sentence, subject=facts.missing_terms))
    if facts.account is not None and facts.account.loss.amount > 0:
        loss = facts.account.loss
        sentence = f"It would sell at a loss of {loss}: {facts.account}.{_got(facts.promotions)}"
        found.append(Reason(NO_MARGIN, sentence, amount=loss))
    return found


def _money_reasons(facts: Facts) -> list[Reason]:
    """Return reasons of missing money: the customer's payment, or our balance at the supplier."""
    found = []
    if facts.secured < facts.charge:
        found.append(
            Reason(
                "payment",
                f"Only {facts.secured} of {facts.charge} is authorized or captured.",
                amount=facts.charge - facts.secured,
            )
        )
    if facts.balance is not None and facts.price is not None and facts.balance < facts.price:
        sentence = (
            f"Our balance at the supplier is {facts.balance}, the price is "
            f"{facts.price}. Top up the balance."
        )
        found.append(Reason(NO_BALANCE, sentence, amount=facts.price))
    return found


def _got(promotions: Sequence[str]) -> str:
    return f" Promotions on the order: {', '.join(promotions)}." if promotions else ""


def _line_reasons(line: LineFacts, promotions: Sequence[str]) -> list[Reason]:
    found = []
    if line.reported_now < line.quantity:
        found.append(
            Reason(
                "stock",
                f"{line.title}: the supplier reports {line.reported_now}, sold {line.quantity}.",
                subject=f"{line.sku}: {line.reported_now} < {line.quantity}",
            )
        )
    if line.cost_now is None:
        sentence = f"{line.title}: the supplier no longer offers it."
        found.append(Reason("cost", sentence, subject=line.sku))
    elif line.cost_now.currency != line.cost_sold.currency or line.cost_now.amount > (
        line.cost_sold.amount * (1 + COST_DRIFT_RATE)
    ):
        sentence = f"{line.title}: cost {line.cost_sold} when sold, {line.cost_now} now."
        found.append(Reason("cost", sentence, subject=line.sku, amount=line.cost_now))
    if line.account is not None and line.account.loss.amount > 0:
        loss = line.account.loss
        sentence = f"{line.title} was sold at a loss of {loss}: {line.account}."
        if line.discount is not None and line.discount.amount:
            sentence += f" Discount: {line.discount}.{_got(promotions)}"
        found.append(Reason(NO_MARGIN, sentence, subject=line.sku, amount=loss))
    if line.forbidden_in:
        sentence = f"{line.title} must not be shipped to {line.forbidden_in}."
        subject = f"{line.sku}: {line.forbidden_in}"
        found.append(Reason(RESTRICTED, sentence, subject=subject))
    for criterion, name in line.lacks.items():
        sentence = f"{line.title}: no valid document for {name}."
        found.append(Reason(NO_EVIDENCE, sentence, subject=proof_of(line.sku, criterion)))
    return found


def proof_of(sku: str, criterion: str) -> str:
    """Return the subject of one certificate of one line: each certificate is waived separately."""
    return f"{sku}: {criterion}"
