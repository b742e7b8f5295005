"""Supplier notices: e-mail a supplier about an address change, or leave it to staff."""

from __future__ import annotations

from django.db.models import QuerySet

from orders import links
from orders.models import AddressWish, PurchaseOrder
from storefront.lib.address import Address
from storefront.lib.http.errors import PermanentError
from suppliers.connections.factory import NOT_CONNECTED, adapter_for
from suppliers.connectors.capabilities import Pleading, able
from suppliers.connectors.records import MissingAbilityError, Plea, Wanted
from suppliers.resilience import circuit_breaker

Request = PurchaseOrder.Request
Told = PurchaseOrder.Told
# The supplier may not have it yet: it gets the new address with the order, or is asked later.
UNHEARD = (
    Request.UNSUBMITTED,
    Request.SUBMITTING,
    Request.SUBMIT_UNKNOWN,
    Request.SUBMIT_FAILED,
)


def to_be_told() -> QuerySet[AddressWish]:
    """Return address change requests that suppliers have not been notified of."""
    open_ones = AddressWish.objects.filter(status=AddressWish.Status.REQUESTED, told_by="")
    heard = open_ones.exclude(purchase_order__request_status__in=UNHEARD)
    away = circuit_breaker.not_even_orders()
    return heard.exclude(purchase_order__supplier__in=away).order_by("pk")


def tell(*, wish: AddressWish) -> None:
    """E-mail the request to the supplier, once per request; without an e-mail address, staff ask.

    Raises: OutsideError
    """
    purchase_order = wish.purchase_order
    plea = Plea(
        wanted=Wanted.READDRESS,
        key=f"{purchase_order.number}:{wish.pk}",
        number=purchase_order.number,
        page_url=links.purchase_url(purchase_order),
        ship_to=Address(**wish.ship_to),
    )
    by = Told.LETTER
    try:
        with adapter_for(purchase_order.supplier) as connector:
            able(connector, Pleading).plead(plea)
    except MissingAbilityError:
        by = Told.PERSON
    except PermanentError as error:
        if error.code != NOT_CONNECTED:
            raise
        by = Told.PERSON
    AddressWish.objects.filter(pk=wish.pk, told_by="").update(told_by=by)
