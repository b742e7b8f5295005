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
    """One line as it was sold and as it stands now; costs are per unit, supplier's currency.

    ``lacks`` are the certificates that it needs and that nobody has proven: code to name.
    ``account`` is what it earns by itself, at the cost of now; None where nobody can say.
    ``discount`` is what promotions took off it; ``forbidden_in`` the country where it goes, if it
    may not be sent there.
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
    """Everything the gate looks at.

    ``account`` is what the whole parcel earns, in the channel's money; None where nobody can
    say: ``missing_rates`` are pairs such as ``USD-EUR`` that nobody is sure of, and
    ``missing_terms`` names goods of which nobody said what selling them costs.
    ``routes`` are the supplier's own names of what he offers for this very parcel; None
    when he could not be asked. ``promotions`` names what the whole order got off. ``balance`` is
    what he holds of our money, and ``price`` what he takes of it; None where he is paid otherwise.
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
    doubts: Sequence[Reason] = ()  # what banks say against the payment


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a purchase order waits: a code for rules, a sentence for staff.

    ``amount`` is how bad it is, where that is money. ``subject`` tells one fault from another:
    the line, and where there is no amount, what is wrong with it, since a waiver covers just that.
    """

    code: str
    sentence: str
    subject: str = ""
    amount: Money | None = None

    def kept(self) -> dict[str, str]:
        """Write it down as JSON, as it was when somebody saw it."""
        amount = self.amount
        return {
            "code": self.code,
            "sentence": self.sentence,
            "subject": self.subject,
            "amount": "" if amount is None else str(amount.amount),
            "currency": "" if amount is None else amount.currency,
        }


def is_waived(reason: Reason, waived: Iterable[Mapping[str, Any]]) -> bool:
    """Test whether staff have seen this very thing, this bad or worse, and let it pass."""
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
# What the gate itself finds, and finds gone when it looks again.
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
COST_DRIFT_RATE = Decimal("0.02")  # a cent of rounding is no drift


def reasons_to_hold(facts: Facts) -> list[Reason]:
    """List every failed check; empty means that it may be sent."""
    found: list[Reason] = []
    if not facts.supplier_is_active:
        found.append(Reason("supplier", "The supplier is paused or blocked."))
    if facts.address_problems:
        fields = ", ".join(facts.address_problems)
        sentence = f"The address is not complete: {fields}."
        found.append(Reason("address", sentence, subject=fields))
    found += _money_reasons(facts)
    found += facts.doubts
    for line in facts.lines:
        found += _line_reasons(line, facts.promotions)
    if not facts.battery_is_allowed:
        sentence = f"{facts.carrier_service} may not carry the battery in this parcel."
        found.append(Reason("battery", sentence, subject=facts.carrier_service))
    if facts.routes is not None and not facts.routes:
        found.append(Reason(NO_WAY, "The supplier carries it there in no way."))
    elif facts.routes is not None and facts.carrier_service not in facts.routes:
        offered = ", ".join(sorted(facts.routes))
        sentence = f"The supplier offers {offered}, not {facts.carrier_service}."
        found.append(Reason("route", sentence, subject=f"{facts.carrier_service}: {offered}"))
    for pair in facts.missing_rates:
        sentence = (
            f"The exchange rate {pair} is missing, too old or waits for a decision:"
            " nobody can say what it earns."
        )
        found.append(Reason(NO_RATE, sentence, subject=pair))
    if facts.missing_terms:
        sentence = (
            f"Nobody said what selling {facts.missing_terms} costs: nobody can say what it earns."
        )
        found.append(Reason(NO_MARGIN, sentence, subject=facts.missing_terms))
    if facts.account is not None and facts.account.loss.amount > 0:
        loss = facts.account.loss
        sentence = f"It would lose {loss}: {facts.account}.{_got(facts.promotions)}"
        found.append(Reason(NO_MARGIN, sentence, amount=loss))
    return found


def _money_reasons(facts: Facts) -> list[Reason]:
    """Say what money is missing: the shopper's, or ours at the supplier."""
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
        sentence = f"The supplier holds {facts.balance} of ours, and takes {facts.price}: pay in."
        found.append(Reason(NO_BALANCE, sentence, amount=facts.price))
    return found


def _got(promotions: Sequence[str]) -> str:
    return f" The order got {', '.join(promotions)}." if promotions else ""


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
        sentence = f"{line.title}: sold at a loss of {loss}: {line.account}."
        if line.discount is not None and line.discount.amount:
            sentence += f" {line.discount} of its price were taken off.{_got(promotions)}"
        found.append(Reason(NO_MARGIN, sentence, subject=line.sku, amount=loss))
    if line.forbidden_in:
        sentence = f"{line.title} may not be sent to {line.forbidden_in}."
        subject = f"{line.sku}: {line.forbidden_in}"
        found.append(Reason(RESTRICTED, sentence, subject=subject))
    for criterion, name in line.lacks.items():
        sentence = f"{line.title}: nothing valid proves {name}."
        found.append(Reason(NO_EVIDENCE, sentence, subject=proof_of(line.sku, criterion)))
    return found


def proof_of(sku: str, criterion: str) -> str:
    """Name one certificate of one line, as staff waive it: another one is another reason."""
    return f"{sku}: {criterion}"
