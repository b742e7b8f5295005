"""Findings: describe an implausible number with the arithmetic that shows it. Pure."""

from dataclasses import dataclass
from decimal import Decimal


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
