"""Supplier notices: e-mail a supplier about an address change, or leave it to staff."""

from django.db.models import QuerySet

from orders import links
from orders.models import AddressChangeRequest, PurchaseOrder
from storefront.lib.address import Address
from storefront.lib.http.errors import PermanentError
from suppliers.connections.factory import NOT_CONNECTED, open_connector
from suppliers.connectors.capabilities import ManualRequests, require
from suppliers.connectors.records import ManualRequest, RequestKind, UnsupportedCapabilityError
from suppliers.resilience import circuit_breaker

Submission = PurchaseOrder.Submission
RequestChannel = PurchaseOrder.RequestChannel
# The supplier may not have it yet: it gets the new address with the order, or a request later.
NOT_WITH_SUPPLIER = (
    Submission.UNSUBMITTED,
    Submission.SUBMITTING,
    Submission.SUBMIT_UNKNOWN,
    Submission.SUBMIT_FAILED,
)


def pending_notices() -> QuerySet[AddressChangeRequest]:
    """Return address change requests that suppliers have not been notified of."""
    unsent = AddressChangeRequest.objects.filter(
        status=AddressChangeRequest.Status.REQUESTED, notified_via=""
    )
    with_supplier = unsent.exclude(purchase_order__submission_status__in=NOT_WITH_SUPPLIER)
    blocked = circuit_breaker.blocked_for_orders()
    return with_supplier.exclude(purchase_order__supplier__in=blocked).order_by("pk")


def send(*, change_request: AddressChangeRequest) -> None:
    """E-mail the request to the supplier, once per request; without an e-mail address, staff ask.

    Raises: ExternalServiceError
    """
    purchase_order = change_request.purchase_order
    manual_request = ManualRequest(
        kind=RequestKind.READDRESS,
        key=f"{purchase_order.number}:{change_request.pk}",
        number=purchase_order.number,
        page_url=links.purchase_url(purchase_order),
        ship_to=Address(**change_request.ship_to),
    )
    channel = RequestChannel.EMAIL
    try:
        with open_connector(purchase_order.supplier) as connector:
            require(connector, ManualRequests).send_request(manual_request)
    except UnsupportedCapabilityError:
        channel = RequestChannel.STAFF
    except PermanentError as error:
        if error.code != NOT_CONNECTED:
            raise
        channel = RequestChannel.STAFF
    AddressChangeRequest.objects.filter(pk=change_request.pk, notified_via="").update(
        notified_via=channel
    )
