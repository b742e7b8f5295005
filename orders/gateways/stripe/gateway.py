"""Stripe gateway: open hosted Checkout sessions with manual capture, capture, void, refund, read.

No card number reaches the shop: the customer enters it on Stripe's page. The library retries
nothing by itself: ``orders.payments.captures`` decides when, and with which key.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import stripe

from orders.gateways.base import GatewayBalance, OpenedPayment, PaymentUpdate, UnknownAtGatewayError
from orders.gateways.stripe import translation
from orders.gateways.stripe.errors import translated
from orders.gateways.stripe.http_client import HttpClient
from orders.gateways.stripe.objects import Dispute, FraudWarning, Intent, Refund, Session
from orders.gateways.stripe.parsing import locale_of, parse, parse_list, read_event, unreadable
from orders.gateways.stripe.reports import Reports
from orders.gateways.stripe.translation import PaymentState
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.observers import CallObserver
from storefront.lib.money import Money

# Only methods that can be authorized and captured later; wallets are cards here.
METHODS = ["card", "link"]
MAX_LISTED = 100  # per list: no payment has so many refunds or disputes
SESSION_EXPAND = ["payment_intent.latest_charge", "payment_intent.review"]
NOT_FOUND = "resource_missing"
INTENT_PREFIX = "pi_"  # prefix of an intent id


class StripeGateway:
    """Stripe, called with our secret key. A payment's reference is its Checkout session."""

    def __init__(self, *, base_url: str, secret: str, gate: CallObserver | None = None) -> None:
        """Create the client.

        Raises: TemporaryError  STRIPE_SECRET_KEY is not set
        """
        if not secret:
            raise TemporaryError("stripe: STRIPE_SECRET_KEY is not set")
        self._http = HttpClient(base_url=base_url, secret=secret, gate=gate)
        self._client = stripe.StripeClient(
            secret, base_addresses={"api": base_url}, http_client=self._http, max_network_retries=0
        )
        self._reports = Reports(client=self._client, refunds=self._refunds)

    def open(
        self, *, key: str, amount: Money, description: str, return_url: str, locale: str
    ) -> OpenedPayment:
        named = {"payment": key, "order": description}
        with translated("open a session"):
            answer = self._client.v1.checkout.sessions.create(
                params={
                    "mode": "payment",
                    "client_reference_id": description,
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": amount.currency.lower(),
                                "unit_amount": amount.minor,
                                "product_data": {"name": description},
                            },
                        }
                    ],
                    "allowed_payment_method_types": [*METHODS],
                    "payment_intent_data": {
                        "capture_method": "manual",
                        "description": description,
                        "metadata": named,
                    },
                    "payment_method_options": {
                        "card": {
                            "request_multicapture": "if_available",
                            "request_three_d_secure": "automatic",
                        }
                    },
                    "metadata": named,
                    "success_url": return_url,
                    "cancel_url": return_url,
                    "locale": locale_of(locale),
                },
                options={"idempotency_key": key},
            )
        session = parse(Session, answer)
        requested = (amount.minor, amount.currency.lower())
        if not session.url or (session.amount_total, session.currency) != requested:
            raise unreadable(
                f"checkout session with a different amount or without a URL: {session.id}"
            )
        return OpenedPayment(reference=session.id, pay_url=session.url)

    def capture(
        self, *, reference: str, amount: Money, key: str, is_last: bool = False
    ) -> PaymentUpdate:
        intent = self._intent(reference)
        params: stripe.params.PaymentIntentCaptureParams = {
            "amount_to_capture": amount.minor,
            "expand": ["latest_charge"],
        }
        if not is_last:  # only an account with several captures accepts the parameter
            params["final_capture"] = False
        with translated(f"capture {intent.id}"):
            answer = self._client.v1.payment_intents.capture(
                intent.id, params=params, options={"idempotency_key": key}
            )
        return translation.captured_update(reference, parse(Intent, answer), request_key=key)

    def release(
        self,
        *,
        reference: str,
        amount: Money,  # noqa: ARG002 - Stripe voids the whole rest
        key: str,
    ) -> PaymentUpdate:
        intent = self._intent(reference)
        with translated(f"cancel {intent.id}"):
            answer = self._client.v1.payment_intents.cancel(
                intent.id,
                params={
                    "cancellation_reason": "requested_by_customer",
                    "expand": ["latest_charge"],
                },
                options={"idempotency_key": key},
            )
        return translation.voided_update(reference, parse(Intent, answer))

    def refund(self, *, reference: str, amount: Money, key: str) -> PaymentUpdate:
        """Refund, unless a refund with this key exists: Stripe forgets keys after a day."""
        intent = self._intent(reference)
        existing = [
            refund
            for refund in self._refunds(intent.id)
            if (refund.metadata or {}).get(translation.REQUEST_KEY) == key
        ]
        if existing:
            refund = existing[0]
        else:
            with translated(f"refund {intent.id}"):
                answer = self._client.v1.refunds.create(
                    params={
                        "payment_intent": intent.id,
                        "amount": amount.minor,
                        "reason": "requested_by_customer",
                        "metadata": {translation.REQUEST_KEY: key},
                    },
                    options={"idempotency_key": key},
                )
            refund = parse(Refund, answer)
        update = translation.refund_update(reference, refund)
        if update is None:
            raise TemporaryError(f"stripe: {refund.id} is {refund.status}", is_outcome_unknown=True)
        return update

    def abandon(self, *, reference: str, key: str) -> None:
        """Expire the session, if it is open."""
        try:
            with translated(f"expire {reference}"):
                self._client.v1.checkout.sessions.expire(
                    reference, options={"idempotency_key": key}
                )
        except PermanentError:
            if self._session(reference).status == "open":
                raise

    def authorization(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        return translation.to_updates(PaymentState(session=self._session(reference)))

    def history(self, *, reference: str) -> tuple[PaymentUpdate, ...]:
        session = self._session(reference)
        intent = session.intent
        if intent is None or intent.charge is None:
            return translation.to_updates(PaymentState(session=session))
        is_captured = translation.captured_amount(intent) > 0
        return translation.to_updates(
            PaymentState(
                session=session,
                refunds=self._refunds(intent.id) if is_captured else (),
                disputes=self._disputes(intent.id) if is_captured or intent.charge.disputed else (),
                warnings=self._warnings(intent.id),
            )
        )

    def updates_of_event(self, *, body: bytes) -> tuple[PaymentUpdate, ...]:
        """Read the payment that the event is about: events come in any order, and twice."""
        event = read_event(body)
        about = event.data.object
        if about.object == "checkout.session":
            return self.history(reference=about.id)
        intent = about.id if about.object == "payment_intent" else about.payment_intent
        if not intent:
            return ()
        with translated(f"find the session of {intent}"):
            answer = self._client.v1.checkout.sessions.list(
                params={"payment_intent": intent, "limit": 1}
            )
        return tuple(
            update
            for session in parse_list(Session, answer)
            for update in self.history(reference=session.id)
        )

    def balance(self, *, reference: str) -> GatewayBalance:
        """Return the amounts of a session or an intent; for an unused session all are 0."""
        try:
            if reference.startswith(INTENT_PREFIX):
                return self._reports.balance(reference)
            session = self._session(reference)
        except PermanentError as error:
            if error.code == NOT_FOUND:
                raise UnknownAtGatewayError(str(error), code=NOT_FOUND) from error
            raise
        if session.intent is not None:
            return self._reports.balance_of(session.intent, reference=reference)
        nothing = Money.zero((session.currency or "").upper())
        return GatewayBalance(
            reference=reference,
            name=reference,
            authorized=nothing,
            held=nothing,
            captured=nothing,
            refunded=nothing,
            moved_at=datetime.fromtimestamp(session.created, UTC),
        )

    def balances(self, *, since: datetime, until: datetime) -> Iterator[GatewayBalance]:
        return self._reports.all(since=since, until=until)

    def close(self) -> None:
        self._http.close()

    def _session(self, reference: str) -> Session:
        with translated(f"read {reference}"):
            answer = self._client.v1.checkout.sessions.retrieve(
                reference, params={"expand": SESSION_EXPAND}
            )
        return parse(Session, answer)

    def _intent(self, reference: str) -> Intent:
        intent = self._session(reference).intent
        if intent is None:
            raise PermanentError(f"stripe: {reference} is not paid", code="unpaid")
        return intent

    def _refunds(self, intent: str) -> list[Refund]:
        with translated(f"read the refunds of {intent}"):
            answer = self._client.v1.refunds.list(
                params={"payment_intent": intent, "limit": MAX_LISTED}
            )
        return parse_list(Refund, answer)

    def _disputes(self, intent: str) -> list[Dispute]:
        with translated(f"read the disputes of {intent}"):
            answer = self._client.v1.disputes.list(
                params={"payment_intent": intent, "limit": MAX_LISTED}
            )
        return parse_list(Dispute, answer)

    def _warnings(self, intent: str) -> list[FraudWarning]:
        with translated(f"read the warnings of {intent}"):
            answer = self._client.v1.radar.early_fraud_warnings.list(
                params={"payment_intent": intent, "limit": MAX_LISTED}
            )
        return parse_list(FraudWarning, answer)
