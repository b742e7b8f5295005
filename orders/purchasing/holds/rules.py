"""Hold rules: check a purchase order before submission, list the reasons to hold it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orders.pricing.margins import Margin
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """One line as sold and as it is now; costs are per unit in the supplier's currency.

    ``missing_certificates`` maps code to name. ``margin`` is the margin at current cost; None
    if unknown. ``discount`` is its share of promotions. ``restricted_in`` is the destination
    country, if restricted.
    """

    sku: str
    title: str
    quantity: int
    cost_at_sale: Money
    current_cost: Money | None
    reported_quantity: int
    missing_certificates: Mapping[str, str]
    margin: Margin | None = None
    discount: Money | None = None
    restricted_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFacts:
    """Input of the hold rules.

    ``margin`` is the margin of the parcel in the channel's currency; None if unknown. Then
    ``missing_rates`` lists the unreliable pairs such as ``USD-EUR``, or ``missing_selling_costs``
    names what has no selling costs. ``routes`` are the supplier's shipping services for this
    parcel; None if the supplier did not answer. ``promotions`` are those of the whole order.
    ``balance`` is our prepaid balance at the supplier, ``price`` what it will deduct; both are None
    without a prepaid balance.
    """

    address_problems: Sequence[str]
    supplier_is_active: bool
    lines: Sequence[LineFacts]
    carrier_service: str
    routes: frozenset[str] | None
    battery_is_allowed: bool
    margin: Margin | None
    missing_rates: Sequence[str]
    missing_selling_costs: str
    available_payment: Money
    charge: Money
    promotions: Sequence[str] = ()
    balance: Money | None = None
    price: Money | None = None
    payment_risks: "Sequence[HoldReason]" = ()  # disputes and fraud warnings


@dataclass(frozen=True, slots=True)
class HoldReason:
    """A hold reason: a code for rules, a sentence for staff.

    ``amount`` measures it, where it is money. ``subject`` distinguishes reasons of one code:
    the line and, if there is no amount, the defect. A waiver covers one subject.
    """

    code: str
    sentence: str
    subject: str = ""
    amount: Money | None = None

    def to_json(self) -> dict[str, str]:
        """Return the reason as JSON."""
        amount = self.amount
        return {
            "code": self.code,
            "sentence": self.sentence,
            "subject": self.subject,
            "amount": "" if amount is None else str(amount.amount),
            "currency": "" if amount is None else amount.currency,
        }


def is_waived(reason: HoldReason, waived: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether staff waived this reason with the same or a higher amount."""
    return any(_covers(waiver, reason) for waiver in waived)


def _covers(waiver: Mapping[str, Any], reason: HoldReason) -> bool:
    current = reason.to_json()
    if any(waiver.get(name, "") != current[name] for name in ("code", "subject", "currency")):
        return False
    return reason.amount is None or reason.amount.amount <= Decimal(waiver["amount"])


MISSING_RATE = "rate"
MISSING_CERTIFICATE = "certificate"
INSUFFICIENT_MARGIN = "margin"
INSUFFICIENT_BALANCE = "balance"
NO_SHIPPING_METHOD = "no_shipping_method"
RESTRICTED = "restricted"
# Codes of ``evaluate_rules``. Re-evaluation removes reasons with these codes, so add each new code
# here.
RULE_CODES = frozenset(
    {
        "supplier",
        "address",
        "payment",
        INSUFFICIENT_BALANCE,
        "stock",
        "cost",
        MISSING_CERTIFICATE,
        "battery",
        "route",
        NO_SHIPPING_METHOD,
        RESTRICTED,
        INSUFFICIENT_MARGIN,
        MISSING_RATE,
    }
)
COST_TOLERANCE_RATE = Decimal("0.02")  # tolerance for rounding


def evaluate_rules(facts: HoldFacts) -> list[HoldReason]:
    """Return all hold reasons; an empty list means it may be submitted."""
    reasons: list[HoldReason] = []
    if not facts.supplier_is_active:
        reasons.append(HoldReason("supplier", "The supplier is paused or blocked."))
    if facts.address_problems:
        fields = ", ".join(facts.address_problems)
        sentence = f"The address is incomplete or unconfirmed: {fields}."
        reasons.append(HoldReason("address", sentence, subject=fields))
    reasons += _money_reasons(facts)
    reasons += facts.payment_risks
    for line in facts.lines:
        reasons += _line_reasons(line, facts.promotions)
    if not facts.battery_is_allowed:
        sentence = f"{facts.carrier_service} does not accept the battery in this parcel."
        reasons.append(HoldReason("battery", sentence, subject=facts.carrier_service))
    if facts.routes is not None and not facts.routes:
        reasons.append(
            HoldReason(NO_SHIPPING_METHOD, "The supplier has no shipping method to this address.")
        )
    elif facts.routes is not None and facts.carrier_service not in facts.routes:
        offered = ", ".join(sorted(facts.routes))
        sentence = f"The supplier offers {offered}, not {facts.carrier_service}."
        reasons.append(HoldReason("route", sentence, subject=f"{facts.carrier_service}: {offered}"))
    for pair in facts.missing_rates:
        sentence = (
            f"The exchange rate {pair} is missing, outdated or awaiting approval, so the "
            "margin is unknown."
        )
        reasons.append(HoldReason(MISSING_RATE, sentence, subject=pair))
    if facts.missing_selling_costs:
        sentence = (
            f"No selling costs are set for {facts.missing_selling_costs}, so the margin is unknown."
        )
        reasons.append(
            HoldReason(INSUFFICIENT_MARGIN, sentence, subject=facts.missing_selling_costs)
        )
    if facts.margin is not None and facts.margin.loss.amount > 0:
        loss = facts.margin.loss
        sentence = (
            f"This purchase order would lose {loss}: {facts.margin}."
            f"{_promotion_note(facts.promotions)}"
        )
        reasons.append(HoldReason(INSUFFICIENT_MARGIN, sentence, amount=loss))
    return reasons


def _money_reasons(facts: HoldFacts) -> list[HoldReason]:
    """Return reasons of missing money: the customer's payment, or our balance at the supplier."""
    reasons = []
    if facts.available_payment < facts.charge:
        reasons.append(
            HoldReason(
                "payment",
                f"Only {facts.available_payment} of {facts.charge} is authorized or captured.",
                amount=facts.charge - facts.available_payment,
            )
        )
    if facts.balance is not None and facts.price is not None and facts.balance < facts.price:
        sentence = (
            f"Our balance at the supplier is {facts.balance}; this purchase order costs "
            f"{facts.price}. Top up the balance."
        )
        reasons.append(HoldReason(INSUFFICIENT_BALANCE, sentence, amount=facts.price))
    return reasons


def _promotion_note(promotions: Sequence[str]) -> str:
    return f" Promotions on the order: {', '.join(promotions)}." if promotions else ""


def _line_reasons(line: LineFacts, promotions: Sequence[str]) -> list[HoldReason]:
    reasons = []
    if line.reported_quantity < line.quantity:
        reasons.append(
            HoldReason(
                "stock",
                f"{line.title}: the supplier reports {line.reported_quantity} in stock; "
                f"{line.quantity} were ordered.",
                subject=f"{line.sku}: {line.reported_quantity} < {line.quantity}",
            )
        )
    if line.current_cost is None:
        sentence = f"{line.title}: the supplier no longer offers it."
        reasons.append(HoldReason("cost", sentence, subject=line.sku))
    elif line.current_cost.currency != line.cost_at_sale.currency or line.current_cost.amount > (
        line.cost_at_sale.amount * (1 + COST_TOLERANCE_RATE)
    ):
        sentence = f"{line.title}: cost {line.cost_at_sale} when sold, {line.current_cost} now."
        reasons.append(HoldReason("cost", sentence, subject=line.sku, amount=line.current_cost))
    if line.margin is not None and line.margin.loss.amount > 0:
        loss = line.margin.loss
        sentence = f"{line.title} was sold at a loss of {loss}: {line.margin}."
        if line.discount is not None and line.discount.amount:
            sentence += f" Discount: {line.discount}.{_promotion_note(promotions)}"
        reasons.append(HoldReason(INSUFFICIENT_MARGIN, sentence, subject=line.sku, amount=loss))
    if line.restricted_in:
        sentence = f"{line.title} must not be shipped to {line.restricted_in}."
        subject = f"{line.sku}: {line.restricted_in}"
        reasons.append(HoldReason(RESTRICTED, sentence, subject=subject))
    for criterion, name in line.missing_certificates.items():
        sentence = f"{line.title}: no valid document for {name}."
        reasons.append(
            HoldReason(
                MISSING_CERTIFICATE, sentence, subject=certificate_subject(line.sku, criterion)
            )
        )
    return reasons


def certificate_subject(sku: str, criterion: str) -> str:
    """Return the subject of one certificate of one line: each certificate is waived separately."""
    return f"{sku}: {criterion}"
