"""Privacy: erase texts, pictures and labels of the parcels, reports and returns of erased orders."""

from django.db.models import QuerySet

from notifications import privacy as messages
from orders.models import Order
from orders.returns import photos
from shipping.models import Parcel, ParcelCorrection, ProblemPhoto, ProblemReport
from shipping.return_labels import files
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import StatusChange


@requires_transaction
def erase_parcels(orders: QuerySet[Order]) -> None:
    """Empty the reasons of status changes and corrections, and the texts of problem reports.

    Free texts may name anyone. The pictures of problem reports are deleted, and return labels,
    which show the customer's address.
    """
    parcels = Parcel.objects.filter(shipment__purchase_order__order__in=orders)
    StatusChange.objects.filter(
        subject=Parcel._meta.label,  # noqa: SLF001 - Django's documented model API
        subject_id__in=parcels.values("pk"),
    ).exclude(reason="").update(reason="")
    ParcelCorrection.objects.filter(parcel__in=parcels).exclude(reason="").update(reason="")
    reports = ProblemReport.objects.filter(parcel__in=parcels)
    reports.update(customer_message="", answer="")
    for number in orders.values_list("number", flat=True):
        messages.clear_fields(
            subject=f"order:{number}",
            name_prefix="problem.",
            fields=("customer_message", "answer"),
        )
    photos.delete_with_files(ProblemPhoto.objects.filter(report__in=reports))
    files.delete_of_orders(orders)
