"""Recognize costs that moved together: cents, a tax, another currency. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from statistics import median_low

from suppliers.quarantine.guards import FEW, CostMove, Moves

# So many of the moves have to share one factor, each within a cent or this.
SHARED_PERCENT = 80
SAME = Decimal("0.003")
# His bank's rate is not ours.
SAME_RATE = Decimal("0.025")
# A supplier may raise all that he sells by as much on one day.
MOST_TOGETHER = Decimal("0.10")
ONE = Decimal(1)
SHIFTS = {Decimal(10): "a decimal point", Decimal(100): "cents", Decimal(1000): "thousandths"}
TAXES = [Decimal(f"1.{percent}") for percent in range(17, 28)]


def slip(moves: Moves, *, rates: Mapping[str, Decimal]) -> str:
    """Return the reason not to believe costs most of which moved by one factor, or nothing.

    Shape:  ``rates`` are what one unit of the supplier's money is worth, by currency
    """
    if moves.moved <= FEW or 2 * moves.moved <= moves.known or not moves.sample:
        return ""
    factor = median_low(move.after / move.before for move in moves.sample)
    shared = sum(_is_moved_by(factor, move) for move in moves.sample)
    if 100 * shared < SHARED_PERCENT * len(moves.sample):
        return ""
    meaning = next(_meanings(factor, rates), "")
    if not meaning and abs(factor - ONE) <= MOST_TOGETHER:
        return ""
    words = f"{moves.moved} of {moves.known} costs move by the same factor, {factor:.4g}"
    return f"{words}: {meaning}." if meaning else f"{words}."


def _is_moved_by(factor: Decimal, move: CostMove) -> bool:
    wanted = move.before * factor
    # Both were rounded to a cent before the factor was taken.
    allowed = max(Decimal("0.01") * max(ONE, factor), wanted * SAME)
    return abs(move.after - wanted) <= allowed


def _meanings(factor: Decimal, rates: Mapping[str, Decimal]) -> Iterator[str]:
    for shift, words in SHIFTS.items():
        if _is(factor, shift):
            yield f"as if {words} had been lost" if shift == 10 else f"as if they were in {words}"  # noqa: PLR2004
        if _is(factor, ONE / shift):
            yield f"as if {words} had been taken twice"
    for tax in TAXES:
        if _is(factor, tax):
            yield f"as if a tax of {100 * (tax - 1):.0f} % had been added"
        if _is(factor, ONE / tax):
            yield f"as if a tax of {100 * (tax - 1):.0f} % had been taken out"
    for currency, rate in rates.items():
        if abs(rate - ONE) > SAME_RATE and _is(factor, rate, within=SAME_RATE):
            yield f"as if they were in {currency}"


def _is(factor: Decimal, named: Decimal, *, within: Decimal = SAME) -> bool:
    return abs(factor - named) <= named * within
