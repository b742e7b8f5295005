"""Findings: check limits and ranges, describe an implausible number with its arithmetic. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

# Column -> the lowest and highest value of any light on the market, with a margin.
RANGES: Mapping[str, tuple[Decimal, Decimal]] = {
    column: (Decimal(least), Decimal(most))
    for column, least, most in (
        ("output_lm", "1", "100000"),
        ("output_min_lm", "0.01", "100000"),
        ("intensity_cd", "1", "3000000"),
        ("runtime_high_min", "1", "30000"),
        ("runtime_max_min", "1", "1000000"),
        ("weight_g", "2", "60000"),
        ("length_mm", "10", "4000"),
        ("head_mm", "6", "700"),
        ("impact_m", "0.5", "30"),
        ("cct_k", "1800", "10000"),
        ("cri", "60", "100"),
        ("battery_count", "1", "12"),
        ("battery_capacity_mah", "20", "100000"),
        ("battery_voltage", "1.2", "48"),
        ("battery_energy_wh", "0.05", "500"),
    )
}
_UNITS = {"mah": "mAh", "wh": "Wh", "k": "K"}  # the others are written as in the column


def number(value: Decimal | float) -> str:
    """Format a number for the arithmetic of a message: ``1,500``, ``4.44``, ``1.00e+15``."""
    if value >= 10**12:
        return f"{value:.2e}"
    rounded = f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"  # noqa: PLR2004
    return rounded.rstrip("0").rstrip(".") if "." in rounded else rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with one number, with the arithmetic. A number with an error is not published."""

    column: str
    code: str
    message: str
    is_error: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The limits of one value: above ``warning`` it is unlikely, above ``error`` impossible.

    ``formula`` shows how the value was computed; empty if it is stated itself.
    """

    formula: str
    value: Decimal
    unit: str
    error: Decimal | int
    warning: Decimal | int

    def check(self, column: str, subject: str) -> Finding | None:
        """Return a finding with the code ``subject-impossible`` or ``subject-unlikely``."""
        if self.value <= self.warning:
            return None
        is_error = self.value > self.error
        limit = (
            f"at most {number(self.error)} is possible"
            if is_error
            else f"more than {number(self.warning)} is unusual"
        )
        result = "" if not self.formula else f" = {number(self.value)} {self.unit}"
        message = f"{self.formula or f'{number(self.value)} {self.unit}'}{result}; {limit}"
        code = f"{subject}-{'impossible' if is_error else 'unlikely'}"
        return Finding(column=column, code=code, message=message, is_error=is_error)


def check_range(column: str, value: Decimal | int) -> Finding | None:
    """Return a finding for a value that no light has: a typing error, or a wrong unit."""
    least, most = RANGES[column]
    if least <= value <= most:
        return None
    name, _, unit = column.rpartition("_")
    unit = _UNITS.get(unit, unit) if name and column != "battery_count" else ""
    stated, low, high = (f"{number(amount)} {unit}".strip() for amount in (value, least, most))
    message = f"stated {stated}; lights have {low} to {high}"
    return Finding(column=column, code="out-of-range", message=message, is_error=True)


def find_new(
    found: Iterable[Finding], *, before: Iterable[Finding], changed: Collection[str]
) -> list[Finding]:
    """Return the findings that an edit of the ``changed`` columns causes."""
    old = [*before]
    known = {(one.column, one.code) for one in old}
    return [
        one
        for one in found
        if (one.column, one.code) not in known or (one.column in changed and one not in old)
    ]
