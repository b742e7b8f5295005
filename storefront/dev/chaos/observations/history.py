"""Observation records: hold what outside parties know and what our database claims.

They are complete when the run has come to rest.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus

from storefront.dev.chaos.plan import Wish


@dataclass(slots=True, kw_only=True)
class Purchase:
    """What one shopper knows of what he did.

    Shape:  ``payment`` is the gateway's name of it; ``end`` one of paid, late, declined, left,
            refused (sold out, or another price) and lost (he gave up)
    """

    wish: Wish
    phase: str
    end: str = "lost"
    payment: str = ""
    agreed: Decimal = Decimal(0)
    number: str = ""
    words: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Tally:
    """What all shoppers met at the shop's door."""

    requests: int = 0
    errors: int = 0  # 5xx
    broken: int = 0  # of these, those that say that we broke, and not that we are closed
    unheard: int = 0  # no answer at all
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, status: int) -> None:
        with self.lock:
            self.requests += 1
            self.errors += status >= HTTPStatus.INTERNAL_SERVER_ERROR
            self.broken += status == HTTPStatus.INTERNAL_SERVER_ERROR
            self.unheard += status == 0


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
    created_at: float = 0.0  # seconds since 1970, by the true clock

    @property
    def held(self) -> int:
        return self.authorized - self.captured - self.released


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One order in a supplier's book, under our number; ``status`` in the words of CJ."""

    number: str
    status: str
    units: int
    supplier: str = "cj"

    @property
    def is_open(self) -> bool:
        return self.status == "UNSHIPPED"

    @property
    def has_arrived(self) -> bool:
        return self.status == "DELIVERED"

    @property
    def is_off(self) -> bool:
        return self.status == "CANCELLED"

    @property
    def has_left(self) -> bool:
        return self.status in {"SHIPPED", "DELIVERED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call that placed an order at a supplier, and whether it was accepted."""

    number: str
    is_taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One e-mail that arrived."""

    message_id: str
    recipient: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """One order that was asked for many times at once under one key.

    Shape:  ``answers`` are those that were given for good; ``orders`` is how many we have of it
    """

    email: str
    answers: tuple[tuple[int, str], ...]
    orders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OurOrder:
    """An order, and what it comes to in cents.

    Shape:  ``is_whole`` none of its units was canceled
    """

    number: str
    status: str
    total: int
    payments: tuple[str, ...]
    lines: int = 1
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OurPurchase:
    """A purchase order, and what the shopper pays for it, in cents.

    Shape:  ``charge`` and ``units`` are of the lines that are still to be shipped;
            ``is_given_up`` staff or the shopper wished to cancel it
    """

    number: str
    order: str
    status: str
    request_status: str
    charge: int
    units: int
    is_given_up: bool = False


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

    Shape:  ``refunds`` what staff paid back, for a return too, in cents by order; ``returned``
            the orders of which a return was asked for; ``refusers`` the suppliers that were to
            cancel accepted orders; ``claims`` what they complained
            of, and ``disputes`` what the supplier has of it, by our numbers; ``answers`` what
            shoppers chose last when they were asked, by order; ``audit`` what the comparison of
            the day's money found; of the ``planned`` blows ``struck`` fell, and ``missed`` found
            nobody there; nobody died at those failpoints that are ``spared``; who is ``silent`` did
            nothing any more after the last blow; ``errors`` are mistakes of chaos itself;
            ``pages_s`` how long pages took while the gateway hung; ``grabbed`` the statuses of
            orders that one network placed and did not pay
    """

    purchases: Sequence[Purchase]
    stock: int  # of the hot light
    charges: Sequence[Charge]
    told: Sequence[Told]
    attempts: Sequence[Attempt]
    letters: Sequence[Letter]
    ours: Ours
    refunds: Mapping[str, int] = field(default_factory=dict)
    returned: Sequence[str] = ()
    wrong_returns: Sequence[str] = ()
    refusers: Sequence[str] = ()
    wrong_letters: Sequence[str] = ()
    claims: Sequence[str] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    disputes: Sequence[str] = ()
    audit: Sequence[str] = ()
    planned: int = 0
    struck: int = 0
    missed: Sequence[str] = ()
    spared: Sequence[str] = ()
    silent: Sequence[str] = ()
    errors: Sequence[str] = ()
    pressed: Sequence[Pressed] = ()
    pages_s: Sequence[float] = ()
    grabbed: Sequence[int] = ()
