"""Price rounding: round an amount up or down to a price ending such as .99. Pure."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """Rounding to prices that are ``ending`` above a multiple of ``step``.

    step 1 and ending 0.99: 4.99, 5.99; step 5 and ending 4.99: 4.99, 9.99; step 1 and ending 0:
    whole; step 100 and ending 80: 180, 280, for currencies without cents.
    Shape:  0 <= ending < step; ``smallest`` is the smallest coin of the currency
    """

    step: Decimal = Decimal(1)
    ending: Decimal = Decimal("0.99")
    smallest: Decimal = Decimal("0.01")

    def up(self, amount: Decimal) -> Decimal:
        """Return the lowest such price that is not below the amount."""
        exact = amount.quantize(self.smallest, ROUND_CEILING)
        steps = ((exact - self._ending) / self._step).to_integral_value(ROUND_CEILING)
        return self._price(max(steps, Decimal(0)))

    def down(self, amount: Decimal) -> Decimal:
        """Return the highest such price that is not above the amount; 0 if there is none."""
        exact = amount.quantize(self.smallest, ROUND_FLOOR)
        steps = ((exact - self._ending) / self._step).to_integral_value(ROUND_FLOOR)
        return self._price(steps) if steps >= 0 else Decimal(0)

    def coin_down(self, amount: Decimal) -> Decimal:
        return amount.quantize(self.smallest, ROUND_FLOOR)

    def _price(self, steps: Decimal) -> Decimal:
        return (steps * self._step + self._ending).quantize(self.smallest)

    @property
    def _step(self) -> Decimal:
        # A currency without cents has no fractional step.
        return max(self.step.quantize(self.smallest, ROUND_CEILING), self.smallest)

    @property
    def _ending(self) -> Decimal:
        return self.ending.quantize(self.smallest, ROUND_FLOOR)
