"""Privacy: erase the free texts of staff from the parcels of erased orders."""

from django.db.models import QuerySet

from orders.models import Order
from shipping.models import Parcel, ParcelCorrection
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import StatusChange


@requires_transaction
def erase_parcels(orders: QuerySet[Order]) -> None:
    """Empty the reasons of status changes and corrections: free texts may name anyone."""
    parcels = Parcel.objects.filter(shipment__purchase_order__order__in=orders)
    StatusChange.objects.filter(
        subject=Parcel._meta.label,  # noqa: SLF001 - Django's documented model API
        subject_id__in=parcels.values("pk"),
    ).exclude(reason="").update(reason="")
    ParcelCorrection.objects.filter(parcel__in=parcels).exclude(reason="").update(reason="")
