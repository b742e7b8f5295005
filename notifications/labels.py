"""Message labels: name each e-mail template and its recipient for staff."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: Mapping[str, Promise] = {
    "account_confirm": _("Confirm the address"),
    "account_known": _("Account exists already"),
    "account_password": _("Password reset"),
    "account_new_address": _("Confirm the new address"),
    "address_asked": _("E-mail change requested"),
    "address_changed": _("E-mail address changed"),
    "password_changed": _("Password changed"),
    "factors_changed": _("Sign-in methods changed"),
    "rights_changed": _("Staff permissions changed"),
    "order_placed": _("Order placed"),
    "order_unpaid": _("Order not paid yet"),
    "order_link": _("Order link"),
    "address_corrected": _("Delivery address corrected"),
    "address_answered": _("Address change answered"),
    "order_canceled": _("Order canceled"),
    "cancellation_answered": _("Cancellation request answered"),
    "lines_refused": _("Items not available"),
    "setback_asked": _("Delay or substitute: customer asked"),
    "order_refunded": _("Refund sent"),
    "return_declared": _("Return request received"),
    "return_news": _("Return updated"),
    "contact_message": _("Customer message"),
    "contact_acknowledged": _("Customer message received"),
    "evidence_expires": _("Document expires soon"),
    "offers_withheld": _("Offers taken off sale"),
    "parcel_problem": _("Parcel lost or returned"),
    "parcel_shipped": _("Parcel shipped"),
    "purchase_order": _("Purchase order sent"),
    "stop_wished": _("Supplier asked to stop an order"),
    "address_wished": _("Supplier asked to change an address"),
}


def named(name: str) -> str:
    """Return the label of a template name, with the rest of the text unchanged."""
    letter, arrow, rest = name.partition(" ")
    return f"{WORDS.get(letter, letter)}{arrow}{rest}"
