"""Stripe reports: list the payment intents and balance movements of a time span.

An intent is listed by its creation, a movement by its time. Together they name every payment whose
money moved. Intents that were created earlier are read one by one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe

from orders.gateways.base import GatewayBalance, TooManyPaymentsError
from orders.gateways.stripe import translation
from orders.gateways.stripe.errors import translated
from orders.gateways.stripe.objects import BalanceTransaction, Dispute, Intent, Refund
from orders.gateways.stripe.parsing import has_more, parse, parse_list
from storefront.lib.money import Money

PAGE_SIZE, MAX_PAGES = 100, 200
MAX_SINGLE_READS = 2000
AUTHORIZED = "requires_capture"
WAS_AUTHORIZED = "succeeded"  # a charge that was authorized, captured or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Stripe's lists of one account."""

    client: stripe.StripeClient
    refunds: Callable[[str], list[Refund]]

    def all(self, *, since: datetime, until: datetime) -> Iterator[GatewayBalance]:
        """Yield the payments whose money moved in a time span.

        Raises: TooManyPaymentsError  more payments changed than one call reads
                TemporaryError, PermanentError
        """
        span = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        moved: dict[str, int] = {}
        for movement in self._movements(span):
            if movement.intent:
                moved[movement.intent] = max(movement.created, moved.get(movement.intent, 0))
        for dispute in self._disputes(span):
            if dispute.payment_intent:
                moved.setdefault(dispute.payment_intent, dispute.created)
        for intent in self._intents(span):
            yield self.balance_of(intent, moved_at=moved.pop(intent.id, 0))
        if len(moved) > MAX_SINGLE_READS:
            raise TooManyPaymentsError(f"stripe: {len(moved)} older payments changed")
        for name, moved_at in moved.items():
            yield self.balance(name, moved_at=moved_at)

    def balance(self, intent: str, *, moved_at: int = 0) -> GatewayBalance:
        with translated(f"read {intent}"):
            answer = self.client.v1.payment_intents.retrieve(
                intent, params={"expand": ["latest_charge"]}
            )
        return self.balance_of(parse(Intent, answer), moved_at=moved_at)

    def balance_of(
        self, intent: Intent, *, moved_at: int = 0, reference: str = ""
    ) -> GatewayBalance:
        """Return the amounts of one intent; all are 0 if it was never authorized."""

        def money(minor: int) -> Money:
            return Money.from_minor(minor, intent.currency.upper())

        charge = intent.charge
        captured = translation.captured_amount(intent)
        was_held = intent.status in translation.WAS_AUTHORIZED or captured > 0
        was_held = was_held or (charge is not None and charge.status == WAS_AUTHORIZED)
        known = intent.metadata or {}
        # Stripe counts an expired, uncaptured charge as refunded: sum the refunds instead.
        is_refunded = charge is not None and charge.amount_refunded > 0 and captured > 0
        return GatewayBalance(
            reference=reference,
            name=intent.id,
            key=known.get("payment", ""),
            order=known.get("order", ""),
            authorized=money(intent.amount if was_held else 0),
            held=money(intent.amount - captured if intent.status == AUTHORIZED else 0),
            captured=money(captured),
            refunded=money(self._refunded(intent.id) if is_refunded else 0),
            is_disputed=charge is not None and charge.disputed,
            moved_at=datetime.fromtimestamp(max(moved_at, intent.created), UTC),
        )

    def _refunded(self, intent: str) -> int:
        completed = [
            refund
            for refund in self.refunds(intent)
            if refund.status == "succeeded" and refund.reason != translation.EXPIRED_HOLD
        ]
        return sum(refund.amount for refund in completed)

    def _movements(self, span: Mapping[str, int]) -> Iterator[BalanceTransaction]:
        listed = self.client.v1.balance_transactions.list
        return _pages(BalanceTransaction, lambda params: listed(params=params), span, "data.source")

    def _disputes(self, span: Mapping[str, int]) -> Iterator[Dispute]:
        listed = self.client.v1.disputes.list
        return _pages(Dispute, lambda params: listed(params=params), span)

    def _intents(self, span: Mapping[str, int]) -> Iterator[Intent]:
        listed = self.client.v1.payment_intents.list
        return _pages(Intent, lambda params: listed(params=params), span, "data.latest_charge")


def _pages[T: (BalanceTransaction, Dispute, Intent)](
    kind: type[T],
    listed: Callable[[Any], stripe.StripeObject],
    span: Mapping[str, int],
    *expand: str,
) -> Iterator[T]:
    params: dict[str, Any] = {"created": dict(span), "limit": PAGE_SIZE, "expand": list(expand)}
    for _ in range(MAX_PAGES):
        with translated(f"list {kind.__name__}"):
            answer = listed(params)
        rows = parse_list(kind, answer)
        yield from rows
        if not rows or not has_more(answer):
            return
        params["starting_after"] = rows[-1].id
    raise TooManyPaymentsError(f"stripe: more than {PAGE_SIZE * MAX_PAGES} of {kind.__name__}")
