"""Label purchases: quote labels of a return, request one for a payer, request automatic ones.

A request only stores a row. A worker makes the calls (``processing``).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from catalog.pricing import policy as price_policy
from orders.models import ReturnAuthorization, ReturnLabel, ReturnPolicy
from orders.returns import authorizations, eligibility
from shipping.return_labels import accounts, parcels
from shipping.return_labels.base import LabelQuote
from shipping.return_labels.parcels import CannotBuyLabelError
from storefront.lib.money import Money

Payer = ReturnPolicy.Payer
ReturnStatus = ReturnAuthorization.Status
Status = ReturnLabel.Status
AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOffer:
    """A quote, and what the customer would pay for it in the currency of the return."""

    quote: LabelQuote
    charge: Money | None


def can_buy(authorization: ReturnAuthorization) -> bool:
    """Return whether a label can be bought now: approved, and none is bought or being bought."""
    return (
        authorization.status == ReturnStatus.APPROVED
        and not authorization.is_kept
        and not live_labels(authorization).exclude(status=Status.FAILED).exists()
    )


def live_labels(authorization: ReturnAuthorization) -> QuerySet[ReturnLabel]:
    return ReturnLabel.objects.filter(authorization=authorization).exclude(status=Status.VOIDED)


def default_payer(authorization: ReturnAuthorization) -> ReturnPolicy.Payer:
    """Return the payer by rule: the policy for a withdrawal, us for all other reasons."""
    if not authorization.is_withdrawal:
        return Payer.US
    return Payer(eligibility.find_policy(authorization.purchase_order.supplier).label_payer)


def find_offers(authorization: ReturnAuthorization, *, now: datetime) -> list[LabelOffer]:
    """Ask the provider for the labels of a return, cheapest first; none: no carrier serves it.

    Raises: CannotBuyLabelError, NotConnectedError, TemporaryError, PermanentError
    """
    parcel = parcels.describe(authorization)
    with accounts.open_provider() as provider:
        quotes = provider.quote(parcel)
    return [
        LabelOffer(quote=quote, charge=charge_of(authorization, quote.price, now=now))
        for quote in quotes
    ]


def charge_of(authorization: ReturnAuthorization, price: Money, *, now: datetime) -> Money | None:
    """Return a price in the currency of the return; None without an exchange rate."""
    if price.currency == authorization.currency:
        return price
    order = authorization.order
    costing = price_policy.load_costing(order.channel, now=now, country=order.ship_to["country"])
    rate = costing.rate(price.currency)
    return None if rate is None else Money(price.amount * rate, authorization.currency).rounded()


@transaction.atomic(durable=True)
def request_label(  # noqa: PLR0913 - one row's columns
    *,
    authorization: ReturnAuthorization,
    payer: ReturnPolicy.Payer,
    option: str,
    charge: Money | None,
    actor: str,
    now: datetime,
) -> ReturnLabel:
    """Request a label; return the one that is bought or being bought, if there is one. Idempotent.

    Shape:  ``option`` empty: the worker chooses the cheapest one, and sets what the customer pays
    Locks:  the order
    Raises: CannotBuyLabelError  the return needs no label, or the payer is not allowed
    """
    authorizations.lock(authorization)
    existing = live_labels(authorization).first()
    if existing is not None and existing.status != Status.FAILED:
        return existing
    if not can_buy(authorization):
        raise CannotBuyLabelError(
            gettext("Only an approved return that is sent back gets a label.")
        )
    require_allowed(authorization, payer)
    if payer == Payer.CUSTOMER and option and charge is None:
        message = gettext("There is no exchange rate to charge the customer. Choose another payer.")
        raise CannotBuyLabelError(message)
    if existing is not None:
        existing.move(Status.VOIDED, at=now, actor=actor, reason="replaced after a failure")
    number = authorization.labels.count() + 1
    return ReturnLabel.objects.create(
        authorization=authorization,
        reference=f"{authorization.number}-L{number}",
        status_since=now,
        requested_at=now,
        requested_by=actor[:100],
        payer=payer,
        option=option[:100],
        charge_amount=charge.amount if payer == Payer.CUSTOMER and charge else Decimal(0),
        due_at=now,
    )


def require_allowed(authorization: ReturnAuthorization, payer: ReturnPolicy.Payer) -> None:
    """Require that a customer pays for a withdrawal only. Raises CannotBuyLabelError."""
    if payer == Payer.CUSTOMER and not authorization.is_withdrawal:
        message = gettext("The customer never pays to send back a defective or wrong item.")
        raise CannotBuyLabelError(message)


def awaiting_automatic() -> QuerySet[ReturnAuthorization]:
    """Return approved returns whose policy buys labels automatically, and that never had one."""
    policies = ReturnPolicy.objects.filter(is_label_automatic=True)
    supplier = OuterRef("purchase_order__supplier")
    own = ReturnPolicy.objects.filter(supplier=supplier)
    labels = ReturnLabel.objects.filter(authorization=OuterRef("pk"))
    return ReturnAuthorization.objects.filter(
        Q(Exists(policies.filter(supplier=supplier)))
        | Q(Exists(policies.filter(supplier=None))) & ~Q(Exists(own)),
        ~Exists(labels),
        status=ReturnStatus.APPROVED,
    ).exclude(destination=ReturnPolicy.Destination.NOWHERE)


def request_automatic(authorization: ReturnAuthorization, *, now: datetime) -> None:
    """Request the cheapest label, paid by rule. Raises CannotBuyLabelError."""
    request_label(
        authorization=authorization,
        payer=default_payer(authorization),
        option="",
        charge=None,
        actor=AUTOMATIC,
        now=now,
    )
