"""Complain to a supplier about goods that he shipped, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from storefront.lib.money import Money
from suppliers.connectors.records import RequestLine


class Remedy(StrEnum):
    """What we ask for with a claim."""

    REFUND = "refund"
    RESEND = "resend"


class Trouble(StrEnum):
    """What is wrong with goods that we complain of."""

    NOT_RECEIVED = "not_received"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    MISSING_ITEM = "missing_item"
    NOT_AS_DESCRIBED = "not_as_described"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """A complaint about goods that he shipped. ``number`` is ours, and unique."""

    number: str
    supplier_reference: str
    remedy: Remedy
    trouble: Trouble
    message: str
    lines: tuple[RequestLine, ...]
    picture_urls: tuple[str, ...] = ()


class ClaimAnswer(StrEnum):
    """How a claim stands."""

    OPEN = "open"
    REFUNDED = "refunded"
    RESENT = "resent"
    REFUSED = "refused"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimState:
    """How one claim stands at the supplier."""

    number: str
    supplier_claim: str
    answer: ClaimAnswer
    amount: Money | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Claims(Protocol):
    """Takes complaints about an order, and gives money or goods back."""

    def open_claim(self, claim: ClaimRequest) -> ClaimState:
        """Complain; a claim of this number that he has already is returned as it stands.

        Raises: PermanentError  he refuses it
        """
        ...

    def claims(self, *, supplier_reference: str) -> tuple[ClaimState, ...]: ...

    def cancel_claim(self, *, supplier_reference: str, supplier_claim: str) -> None:
        """Take a claim back.

        Raises: PermanentError  it is too late
        """
        ...
