"""Tax shares: sum rows by tax rate, divide a part of an invoice by rate, to the cent. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxShare:
    """What is charged at one tax rate; ``gross`` contains ``tax``."""

    rate: Decimal
    gross: Decimal
    tax: Decimal

    @property
    def net(self) -> Decimal:
        return self.gross - self.tax


def by_rate(parts: Iterable[TaxShare]) -> list[TaxShare]:
    """Return one share for each rate, the highest rate first."""
    sums: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for part in parts:
        gross, tax = sums.get(part.rate, (Decimal(0), Decimal(0)))
        sums[part.rate] = (gross + part.gross, tax + part.tax)
    return [
        TaxShare(rate=rate, gross=gross, tax=tax)
        for rate, (gross, tax) in sorted(sums.items(), reverse=True)
    ]


def portion(
    shares: Sequence[TaxShare], *, before: Decimal, amount: Decimal, currency: str
) -> list[TaxShare]:
    """Return ``amount`` of an invoice divided by tax rate, after ``before`` was taken from it.

    All portions that sum to the invoice also sum to the tax of each rate.
    """
    start = _up_to(shares, before, currency)
    end = _up_to(shares, before + amount, currency)
    parts = [
        TaxShare(rate=share.rate, gross=upper[0] - lower[0], tax=upper[1] - lower[1])
        for share, lower, upper in zip(shares, start, end, strict=True)
    ]
    return [part for part in parts if part.gross or part.tax]


def _up_to(
    shares: Sequence[TaxShare], amount: Decimal, currency: str
) -> list[tuple[Decimal, Decimal]]:
    """Return gross and tax of each share in the first ``amount`` of all."""
    total = sum((share.gross for share in shares), Decimal(0))
    grosses = [
        Money(share.gross * amount / total, currency).rounded().amount for share in shares[:-1]
    ]
    grosses.append(amount - sum(grosses, Decimal(0)))
    return [
        (gross, Money(share.tax * gross / share.gross, currency).rounded().amount)
        if share.gross
        else (gross, Decimal(0))
        for share, gross in zip(shares, grosses, strict=True)
    ]
