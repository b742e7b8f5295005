"""Routes: map each event name to the messages that it sends. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One message that an event sends.

    ``recipient`` names the payload field with the address or list of addresses. ``reply_to`` names
    the field with the reply address; if empty, replies go to the sender.
    """

    sender: str
    template: str
    recipient: str = "email"
    reply_to: str = ""


ROUTES: Mapping[str, tuple[Route, ...]] = MappingProxyType(
    {
        "account.unproven": (Route(sender="email", template="account_confirm"),),
        "account.known": (Route(sender="email", template="account_exists"),),
        "account.password_forgotten": (Route(sender="email", template="account_password"),),
        "account.new_address": (Route(sender="email", template="account_new_address"),),
        "account.email_change_requested": (
            Route(sender="email", template="email_change_requested"),
        ),
        "account.email_changed": (Route(sender="email", template="email_changed"),),
        "account.password_changed": (Route(sender="email", template="password_changed"),),
        "account.mfa_changed": (Route(sender="email", template="mfa_changed"),),
        "account.rights_changed": (Route(sender="email", template="rights_changed"),),
        "order.placed": (Route(sender="email", template="order_placed"),),
        "order.unpaid": (Route(sender="email", template="order_unpaid"),),
        "order.link_asked": (Route(sender="email", template="order_link"),),
        "order.delivery_address_changed": (
            Route(sender="email", template="delivery_address_changed"),
        ),
        "order.delivery_address_change_result": (
            Route(sender="email", template="delivery_address_change_result"),
        ),
        "order.canceled": (Route(sender="email", template="order_canceled"),),
        "order.cancellation_answered": (Route(sender="email", template="cancellation_answered"),),
        "order.lines_canceled": (Route(sender="email", template="lines_canceled"),),
        "order.backorder_choice": (Route(sender="email", template="backorder_choice"),),
        "order.refunded": (Route(sender="email", template="order_refunded"),),
        "return.declared": (Route(sender="email", template="return_receipt"),),
        **dict.fromkeys(
            (
                "return.approved",
                "return.rejected",
                "return.asked",
                "return.labeled",
                "return.refused",
                "return.expired",
                "return.unanswered",
                "return.exchanged",
            ),
            (Route(sender="email", template="return_update"),),
        ),
        "contact.received": (
            Route(
                sender="email", template="contact_message", recipient="shop_email", reply_to="email"
            ),
            Route(sender="email", template="contact_acknowledged"),
        ),
        "evidence.expires": (Route(sender="email", template="evidence_expires"),),
        "offers.withheld": (Route(sender="email", template="offers_withheld"),),
        "parcel.lost": (Route(sender="email", template="parcel_problem"),),
        "parcel.returned": (Route(sender="email", template="parcel_problem"),),
        "parcel.shipped": (Route(sender="email", template="parcel_shipped"),),
        "purchase_order.mailed": (Route(sender="email", template="purchase_order"),),
        "purchase_order.supplier_cancellation_request": (
            Route(sender="email", template="supplier_cancellation_request"),
        ),
        "purchase_order.supplier_address_change_request": (
            Route(sender="email", template="supplier_address_change_request"),
        ),
    }
)


def routes_for(event_name: str) -> tuple[Route, ...]:
    """Return the messages of an event; most events send none."""
    return ROUTES.get(event_name, ())
