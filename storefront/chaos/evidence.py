"""What is known when everything has come to rest: from those outside, and from us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from storefront.chaos.shopping import Purchase


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One payment in the gateway's book, in cents; ``order`` is our number as he was told it."""

    payment: str
    order: str
    status: str
    amount: int
    authorized: int
    captured: int
    released: int
    refunded: int

    @property
    def held(self) -> int:
        return self.authorized - self.captured - self.released


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One order in the supplier's book, under the number that we gave him."""

    number: str
    status: str
    units: int

    @property
    def has_arrived(self) -> bool:
        return self.status == "DELIVERED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One e-mail that arrived."""

    message_id: str
    recipient: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OurOrder:
    """An order, and what it comes to in cents."""

    number: str
    status: str
    total: int
    payments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OurPurchase:
    """A purchase order, and what the shopper pays for it, in cents."""

    number: str
    order: str
    status: str
    request_status: str
    charge: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OurMail:
    """A message that we owe, or sent."""

    message_id: str
    order: str
    template: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """All that we claim."""

    orders: tuple[OurOrder, ...]
    purchases: tuple[OurPurchase, ...]
    mails: tuple[OurMail, ...]
    broken: tuple[str, ...]  # invariants
    left: tuple[str, ...]  # work that is still to be done


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known when everything has come to rest.

    Shape:  ``refunds`` what staff paid back, in cents by order; ``claims`` what they complained
            of, and ``disputes`` what the supplier has of it, by our numbers; ``audit`` what the
            comparison of the day's money found
    """

    purchases: Sequence[Purchase]
    stock: int  # of the hot light
    charges: Sequence[Charge]
    told: Sequence[Told]
    letters: Sequence[Letter]
    ours: Ours
    refunds: Mapping[str, int] = field(default_factory=dict)
    wrong_letters: Sequence[str] = ()
    claims: Sequence[str] = ()
    disputes: Sequence[str] = ()
    audit: Sequence[str] = ()
