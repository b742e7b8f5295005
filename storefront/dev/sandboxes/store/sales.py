"""Store sales: compute the amounts of an order as a shop system does. Pure.

Prices include tax. A discount is divided among the lines by their amounts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
FINE = Decimal("0.0001")
DELIVERY = Decimal("4.90")
BUYER = {
    "first_name": "Erika",
    "last_name": "Muster",
    "line": "Musterweg 1",
    "city": "Berlin",
    "postcode": "10115",
    "country": "DE",
    "country_name": "Germany",
    "email": "erika@example.org",
    "phone": "+493012345678",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """An amount with tax, and its parts."""

    gross: Decimal
    net: Decimal
    tax: Decimal

    @classmethod
    def of(cls, gross: Decimal, *, percent: int) -> "Amount":
        """Divide a gross amount, to a hundredth of a cent."""
        net = (gross * 100 / (100 + percent)).quantize(FINE, ROUND_HALF_UP)
        return cls(gross=gross, net=net, tax=gross - net)


def shares(discount: Decimal, over: Sequence[Decimal]) -> list[Decimal]:
    """Divide a discount by amounts, to the cent; the last one gets the rest."""
    total = sum(over, Decimal(0))
    parts = [(discount * each / total).quantize(CENT, ROUND_HALF_UP) for each in over[:-1]]
    return [*parts, discount - sum(parts, Decimal(0))]
