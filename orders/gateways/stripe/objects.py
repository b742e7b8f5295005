"""Stripe objects: define the fields that we read; all others are ignored. Pure."""

import msgspec


class Multicapture(msgspec.Struct, frozen=True):
    status: str = ""


class Card(msgspec.Struct, frozen=True):
    capture_before: int | None = None
    multicapture: Multicapture | None = None


class MethodDetails(msgspec.Struct, frozen=True):
    card: Card | None = None


class Charge(msgspec.Struct, frozen=True):
    """One charge. Amounts in minor units, times in Unix seconds."""

    id: str
    created: int
    amount: int
    amount_captured: int = 0
    amount_refunded: int = 0
    status: str = ""
    disputed: bool = False
    payment_method_details: MethodDetails | None = None


class Review(msgspec.Struct, frozen=True):
    """A Radar review: staff approve or refund the payment in Stripe's dashboard."""

    id: str
    open: bool = True
    closed_reason: str | None = None
    opened_reason: str = ""
    created: int = 0


class Intent(msgspec.Struct, frozen=True):
    id: str
    status: str
    amount: int
    currency: str
    amount_received: int = 0
    cancellation_reason: str | None = None
    latest_charge: Charge | str | None = None
    review: Review | str | None = None
    created: int = 0
    metadata: dict[str, str] | None = None

    @property
    def charge(self) -> Charge | None:
        return self.latest_charge if isinstance(self.latest_charge, Charge) else None


class Session(msgspec.Struct, frozen=True):
    id: str
    status: str | None = None
    url: str | None = None
    amount_total: int | None = None
    currency: str | None = None
    payment_intent: Intent | str | None = None
    created: int = 0

    @property
    def intent(self) -> Intent | None:
        return self.payment_intent if isinstance(self.payment_intent, Intent) else None


class Refund(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str
    status: str | None = None
    reason: str | None = None
    failure_reason: str | None = None
    created: int = 0
    metadata: dict[str, str] | None = None


class Dispute(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str
    status: str = ""
    reason: str = ""
    created: int = 0
    payment_intent: str | None = None


class FraudWarning(msgspec.Struct, frozen=True):
    id: str
    fraud_type: str = ""
    created: int = 0


class Source(msgspec.Struct, frozen=True):
    """The source of a balance transaction: a charge, a refund, a dispute."""

    payment_intent: str | None = None


class BalanceTransaction(msgspec.Struct, frozen=True):
    """One balance transaction; fees and payouts belong to no payment."""

    id: str
    created: int
    source: Source | str | None = None

    @property
    def intent(self) -> str:
        return (self.source.payment_intent or "") if isinstance(self.source, Source) else ""


class EventObject(msgspec.Struct, frozen=True):
    """The object of an event: its id, type and payment intent."""

    id: str = ""
    object: str = ""
    payment_intent: str | None = None


class EventData(msgspec.Struct, frozen=True):
    object: EventObject


class Event(msgspec.Struct, frozen=True):
    id: str
    type: str
    data: EventData


# msgspec prepares a class when it is first converted. Two threads that do so at once crash the
# process, so it is done at import.
for _kind in (Session, Refund, Dispute, FraudWarning, Source, BalanceTransaction, Event):
    msgspec.json.Decoder(_kind)
