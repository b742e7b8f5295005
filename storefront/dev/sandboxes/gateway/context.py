"""Test gateway context: hold the ledger, faults, name and address that every handler needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from storefront.dev.sandboxes.gateway.faults import Faults
from storefront.dev.sandboxes.gateway.messages import Answer, Call, RefusedError
from storefront.dev.sandboxes.gateway.state.ledger import Ledger, Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The gateway itself: its book, its bad days, its name and its address."""

    ledger: Ledger
    faults: Faults
    secret: str
    base_url: str
    shop: str
    late_s: float

    def payment(self, payment_id: str) -> Payment:
        """Find a payment.

        Raises: RefusedError  there is none
        """
        payment = self.ledger.payment(payment_id)
        if payment is None:
            raise RefusedError("unknown_payment", "There is no such payment.", HTTPStatus.NOT_FOUND)
        return payment


type Work = Callable[[Desk, Call], Answer]
