"""Money: add, compare and round exact amounts, refuse to mix currencies."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel import Locale
from babel.numbers import format_currency, get_currency_precision

MAX_AMOUNT = 10**10


class CurrencyMismatchError(ValueError):
    """Two amounts of different currencies were added or compared."""


@cache
def _digits(currency: str) -> int:
    return get_currency_precision(currency)


def smallest_unit(currency: str) -> Decimal:
    """Return the smallest payable amount: one cent, or 1 if the currency has no cents."""
    return Decimal(1).scaleb(-_digits(currency))


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency; rounded only by ``rounded``."""

    amount: Decimal
    currency: str

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls(Decimal(0), currency)

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> "Money":
        """Build money from minor units (cents), as payment gateways send it."""
        return cls(Decimal(minor).scaleb(-_digits(currency)), currency)

    @classmethod
    def total(cls, amounts: "Iterable[Money]", currency: str) -> "Money":
        result = cls.zero(currency)
        for amount in amounts:
            result += amount
        return result

    @property
    def minor(self) -> int:
        """The rounded amount in minor units (cents)."""
        return int(self.rounded().amount.scaleb(_digits(self.currency)))

    @property
    def is_representable(self) -> bool:
        """Whether the amount is finite, fits our columns, and the currency looks like a code."""
        is_currency = len(self.currency) == len("EUR") and self.currency.isalpha()
        return is_currency and self.amount.is_finite() and abs(self.amount) < MAX_AMOUNT

    def rounded(self) -> "Money":
        step = Decimal(1).scaleb(-_digits(self.currency))
        return Money(self.amount.quantize(step, ROUND_HALF_UP), self.currency)

    def converted(self, *, rate: Decimal, currency: str) -> "Money":
        """Convert to another currency; ``rate`` is its units per unit of this currency."""
        return Money(self.amount * rate, currency)

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __mul__(self, factor: int | Decimal) -> "Money":
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.amount < other.amount

    def __le__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.amount <= other.amount

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.rounded().amount} {self.currency}"

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatchError(f"{self.currency} and {other.currency}")


def format_money(amount: Decimal, currency: str, locale: Locale | str) -> str:
    """Format an amount by the conventions of a locale: €69.90, AZN 69.90, 69,90 AZN.

    Babel omits the space that CLDR puts between a currency's letters and the number.
    """
    # Many fonts lack the sign of the manat, and show a box.
    text = format_currency(amount, currency, locale=locale).replace("₼", "AZN")
    return re.sub(rf"^(-?{re.escape(currency)})(?=\d)", "\\1\N{NO-BREAK SPACE}", text)


def allocate(amount: Money, over: Mapping[int, Decimal | int]) -> dict[int, Money]:
    """Divide an amount by weights, to the cent; evenly if all are zero (largest remainder method)."""
    total = sum(over.values())
    if not total:
        over, total = dict.fromkeys(over, 1), len(over)
    cents = abs(amount.minor)
    parts = {key: int(cents * weight // total) for key, weight in over.items()}
    by_remainder = sorted(over, key=lambda key: (-(cents * over[key] % total), key))
    for key in by_remainder[: cents - sum(parts.values())]:
        parts[key] += 1
    sign = -1 if amount.minor < 0 else 1
    return {key: Money.from_minor(sign * part, amount.currency) for key, part in parts.items()}
