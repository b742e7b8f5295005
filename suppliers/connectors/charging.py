"""How a supplier lists what he charged us for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What he charged us for one order, by our ``number`` and by his own.

    ``freight`` is None where he does not say, and ``at`` where he does not say when.
    """

    number: str
    supplier_reference: str
    goods: Money
    freight: Money | None = None
    at: datetime | None = None


@runtime_checkable
class Charging(Protocol):
    """Lists all that he charged us for, also what we did not order by these means."""

    def charges(self, *, since: datetime) -> Iterable[Charge]:
        """Read what he charged for orders that were made since then.

        Raises: OutsideError  he does not say, or there is more than is read
        """
        ...
