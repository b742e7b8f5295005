"""Parcel identities: recognize the carrier of a reported number, build the tracking link."""

from collections.abc import Mapping
from typing import TypedDict

from orders.models import Order
from shipping.carriers import registry
from shipping.carriers.recognition import recognize
from shipping.carriers.tracking_urls import tracking_url
from shipping.models import Parcel

Finding = Parcel.CarrierFinding
# The carrier is the supplier's word, or that of the number; which one is not known.
UNCERTAIN = frozenset({Finding.UNDECIDED, Finding.OTHER_CARRIER})


class Identity(TypedDict):
    """The fields of a parcel that say which one it is, and what staff have to check."""

    carrier: str
    number: str
    tracking_url: str
    carrier_finding: str


def recognize_parcel(*, order: Order, number: str, wording: str, offered_url: str = "") -> Identity:
    """Recognize the carrier of a parcel of an order from its number and the supplier's wording.

    Raises: InvalidTrackingNumberError
    """
    country: str = order.ship_to["country"]
    recognized = recognize(number, country=country, wording=wording)
    url = tracking_url(
        recognized.carrier,
        recognized.number,
        country=country,
        language=order.locale,
        offered=offered_url,
    )
    return Identity(
        carrier=recognized.name,
        number=recognized.number,
        tracking_url=url,
        carrier_finding=recognized.finding.value,
    )


def identity_without_number(wording: str) -> Identity:
    """Return the identity of a parcel that the supplier reports without a number."""
    carrier = registry.standard_name(wording) if wording.strip() else ""
    return Identity(carrier=carrier, number="", tracking_url="", carrier_finding="")


def tracking_link(parcel: Parcel, *, ship_to: Mapping[str, str], language: str) -> str:
    """Return the parcel's tracking page for a reader, or "" if it has no number.

    ``ship_to`` is the delivery address of its order.
    """
    if not parcel.number:
        return ""
    is_certain = parcel.carrier_finding not in UNCERTAIN
    return tracking_url(
        registry.BY_NAME.get(parcel.carrier) if is_certain else None,
        parcel.number,
        country=ship_to["country"],
        language=language,
        offered=parcel.tracking_url,
    )
