"""Ask a supplier, whom only people answer for, about an order that he has."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from storefront.lib.address import Address


class Wanted(StrEnum):
    """What is asked of him."""

    STOP = "stop_wished"
    READDRESS = "address_wished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plea:
    """One question about one order; he answers it on our page of the order.

    Shape:  ``key`` names it for ever: it is told once. ``ship_to`` is where it is to go instead
    """

    wanted: Wanted
    key: str
    number: str
    page_url: str = field(repr=False)
    ship_to: Address | None = None


@runtime_checkable
class Pleading(Protocol):
    """Is written to, where no program answers. No ability of an API."""

    def plead(self, plea: Plea) -> None:
        """Hand the question over, once per key.

        Raises: MissingAbilityError  nobody knows where to write to him
        """
        ...
