"""Message labels: name each e-mail template and its recipient for staff."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: Mapping[str, Promise] = {
    "account_confirm": _("Confirm the address"),
    "account_known": _("The account is there already"),
    "account_password": _("A new password"),
    "account_new_address": _("Confirm the new address"),
    "address_asked": _("A change of address is asked for"),
    "address_changed": _("The address of the account is changed"),
    "password_changed": _("The password is changed"),
    "factors_changed": _("How one signs in is changed"),
    "rights_changed": _("Rights of staff have changed"),
    "order_placed": _("The order is placed"),
    "order_unpaid": _("The order is not paid yet"),
    "order_link": _("The link of an order"),
    "address_corrected": _("The delivery address is corrected"),
    "address_answered": _("What became of the new delivery address"),
    "order_canceled": _("The order is canceled"),
    "cancellation_answered": _("The answer to a cancellation request"),
    "lines_refused": _("Not all of it will come"),
    "setback_asked": _("The shopper is asked what to do"),
    "order_refunded": _("Money goes back"),
    "return_declared": _("The receipt of a return"),
    "return_news": _("News of a return"),
    "contact_message": _("A message of a customer"),
    "contact_acknowledged": _("The receipt of a message"),
    "evidence_expires": _("A certificate ends soon"),
    "offers_withheld": _("Offers are withheld"),
    "parcel_problem": _("A parcel is lost or goes back"),
    "parcel_shipped": _("A parcel is on its way"),
    "purchase_order": _("An order for a supplier"),
    "stop_wished": _("A supplier is asked to stop an order"),
    "address_wished": _("A supplier is asked to send elsewhere"),
}


def named(name: str) -> str:
    """Say a letter and whom it goes to: the letter in words, where it has some."""
    letter, arrow, rest = name.partition(" ")
    return f"{WORDS.get(letter, letter)}{arrow}{rest}"
