"""Parcel forms: upload a tracking list, correct a tracking number, change contents."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from orders.models import OrderLine
from shipping.models import Parcel
from shipping.shipments import contents, tracking_list
from storefront.lib.staff.admin import ReasonForm
from storefront.lib.staff.csv_import import CsvUploadForm
from suppliers.models import Supplier


class TrackingListForm(CsvUploadForm):
    read = staticmethod(tracking_list.parse)
    columns = _(
        "CSV with the columns order, carrier, tracking number. Optional: sku, quantity, status."
    )

    supplier = forms.ModelChoiceField(
        label=_("Supplier"),
        queryset=Supplier.objects.order_by("name"),
        widget=UnfoldAdminSelectWidget(),
    )


class TrackingForm(ReasonForm):
    """The right tracking numbers of a parcel."""

    carrier = forms.CharField(label=_("Carrier"), max_length=40)
    number = forms.CharField(
        label=_("Tracking number"),
        max_length=60,
        required=False,
        help_text=_("Leave empty if the number is not known."),
    )
    last_mile_carrier = forms.CharField(
        label=_("Last-mile carrier"),
        max_length=40,
        required=False,
        help_text=_("The carrier that delivers the parcel, if it is another one."),
    )
    last_mile_number = forms.CharField(
        label=_("Last-mile tracking number"), max_length=60, required=False
    )
    field_order = ("carrier", "number", "last_mile_carrier", "last_mile_number", "reason")


class ClosingForm(forms.Form):
    """What was done about a parcel."""

    reason = forms.CharField(label=_("What was done"), max_length=200, widget=forms.Textarea)


def contents_form(parcel: Parcel) -> type[forms.Form]:
    """Return the form for the contents of a parcel, and the parcel that takes or gives units."""
    current = contents.get_contents(parcel)
    fields: dict[str, Any] = {
        f"units_{line.pk}": forms.IntegerField(
            label=f"{line.sku}: {line.title}",
            min_value=0,
            max_value=line.quantity,
            initial=current[line.pk],
        )
        for line in _lines(parcel)
    }
    others = Parcel.objects.filter(shipment=parcel.shipment_id).exclude(pk=parcel.pk)
    fields["other"] = forms.ModelChoiceField(
        label=_("Move units from or to"),
        queryset=others.exclude(status=Parcel.Status.VOIDED).order_by("pk"),
        required=False,
        empty_label=_("Units in no parcel"),
        widget=UnfoldAdminSelectWidget(),
    )
    return type("ContentsForm", (ReasonForm,), {**fields, "field_order": [*fields, "reason"]})


def read_contents(cleaned_data: Mapping[str, Any], parcel: Parcel) -> Counter[int]:
    """Return the entered units by order line."""
    return +Counter({line.pk: cleaned_data[f"units_{line.pk}"] for line in _lines(parcel)})


def _lines(parcel: Parcel) -> list[OrderLine]:
    lines = OrderLine.objects.filter(
        purchase_lines__purchase_order__shipment=parcel.shipment_id, purchase_lines__is_active=True
    )
    return list(lines.order_by("pk"))
