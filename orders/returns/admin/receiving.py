"""Return actions: open a return for a customer, show its pictures, record shipping and receipt."""

import secrets
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import Order, ReturnAuthorization, ReturnLine, ReturnPhoto
from orders.returns import (
    authorizations,
    eligibility,
    forms,
    inspection,
    photos,
    requests,
    supplier_returns,
)
from orders.returns.eligibility import CannotReturnError
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    confirmed_action,
    permission_check,
    register_read_only,
)


def has_returnable_units(order: Any) -> bool:
    """Return whether some shipped units are in no return, by ``Order.with_progress``."""
    return bool(order.shipped > order.returning)


class ReturnActions(StaffAdmin):
    """Open a return for a customer, who gets the receipt."""

    available_if: ClassVar = {"open_return": has_returnable_units}
    user_errors: ClassVar[Errors] = (CannotReturnError,)
    has_return_permission = permission_check("orders.return_order")

    @confirmed_action(
        description=_("Create return"),
        icon="assignment_return",
        may="return",
        explain=_(
            "For a customer who calls or writes. The confirmation is e-mailed to the "
            "customer immediately. A withdrawal is approved automatically."
        ),
        form_class=lambda order: forms.open_form(_returnable(order)),
        initial=lambda _order: {"key": secrets.token_hex(16)},
        done=_("Return created"),
    )
    def open_return(self, request: HttpRequest, order: Order, data: FormData) -> None:
        requests.submit(
            order=order,
            request=forms.read_request(data, _returnable(order).lines),
            **acting(request),
            ignore_deadlines=data["ignore_deadlines"],
        )


def _returnable(order: Order) -> eligibility.Returnable:
    return eligibility.find_returnable(order=order, now=timezone.now(), ignore_deadlines=True)


# Pictures

PICTURE_CSP = "sandbox; default-src 'none'"


def _picture_url_name(opts: Any) -> str:
    return f"{opts.app_label}_{opts.model_name}_picture"


@admin.display(description=_("Photos"))
def customer_photos(row: Any) -> str:
    """Return thumbnails of the pictures of a return or report, each linked to its full size."""
    url_name = _picture_url_name(row._meta)  # noqa: SLF001 - Django's documented model API
    positions = row.pictures.order_by("place").values_list("place", flat=True)
    thumbnails = format_html_join(
        " ",
        '<a href="{0}" target="_blank" rel="noreferrer">'
        '<img src="{0}" alt="{1}" width="160" loading="lazy"></a>',
        (
            (
                reverse(f"admin:{url_name}", args=[row.pk, position]),
                gettext("Customer photo %(place)d") % {"place": position},
            )
            for position in positions
        ),
    )
    return format_html('<span class="staff-pictures">{}</span>', thumbnails) if thumbnails else ""


class PhotoAdmin(StaffAdmin):
    """Serves the pictures of a return or report to staff who may view it."""

    def get_urls(self) -> list[URLPattern]:
        picture = path(
            "<int:pk>/pictures/<int:position>/",
            self.admin_site.admin_view(self.picture),
            name=_picture_url_name(self.opts),
        )
        return [picture, *super().get_urls()]

    def picture(self, request: HttpRequest, pk: int, position: int) -> HttpResponse:
        """Return one re-encoded picture, uncached and without script execution."""
        row = self.get_object(request, str(pk))
        if row is None or not self.has_view_permission(request, row):
            raise PermissionDenied(f"{self.opts.app_label}.view_{self.opts.model_name}")
        picture = row.pictures.filter(place=position).first()
        try:
            content = photos.read(picture) if picture else None
        except FileNotFoundError:
            content = None
        if content is None:
            raise Http404(gettext("This photo does not exist."))
        response = HttpResponse(content, content_type=photos.MEDIA_TYPE)
        response["Content-Disposition"] = (
            f'inline; filename="{self.opts.model_name}-{pk}-{position}.jpg"'
        )
        response["Content-Security-Policy"] = PICTURE_CSP
        response["Cache-Control"] = "private, no-store"
        return response


register_read_only(
    ReturnPhoto,
    list_display=[columns.link("authorization", _("Return")), "place", "added_at"],
    list_display_links=["place"],
    list_select_related=["authorization"],
    search_fields=["authorization__number"],
)


# Shipping, receipt and inspection


@admin.display(description=_("Supplier return"))
def supplier_terms(row: ReturnAuthorization) -> str:
    return supplier_returns.terms_text(row)


def _lines(row: ReturnAuthorization) -> QuerySet[ReturnLine]:
    return row.lines.select_related("order_line").order_by("pk")


class ReceivingActions(StaffAdmin):
    """Issue a label, receive, inspect, send to the supplier."""

    @confirmed_action(
        description=_("Send return instructions"),
        icon="label",
        explain=_("The customer gets the instructions by e-mail and sees them on the order page."),
        form_class=forms.LabelForm,
        initial=lambda row: {"address": row.address},
        done=_("The customer is notified."),
    )
    def label(self, request: HttpRequest, row: ReturnAuthorization, data: FormData) -> None:
        authorizations.issue_label(authorization=row, **data, **acting(request))

    @confirmed_action(
        description=_("Mark as received"),
        icon="inventory",
        explain=_("Count the items in the parcel. You decide what to accept in the next step."),
        form_class=lambda row: forms.received_form(_lines(row)),
        done=_("%s is received. Inspect it next."),
    )
    def receive(self, request: HttpRequest, row: ReturnAuthorization, data: FormData) -> None:
        units = forms.read_units(data, _lines(row))
        inspection.receive(authorization=row, units=units, **acting(request))

    @confirmed_action(
        description=_("Record inspection"),
        icon="search",
        explain=_("Items that you do not accept are not refunded and go back to the customer."),
        form_class=lambda row: forms.inspected_form(_lines(row), is_withdrawal=row.is_withdrawal),
        done=_("Inspection recorded. Refund or reject the return next."),
    )
    def inspect(self, request: HttpRequest, row: ReturnAuthorization, data: FormData) -> None:
        results = forms.read_inspections(data, _lines(row))
        inspection.inspect(authorization=row, results=results, **acting(request))

    @confirmed_action(
        description=_("Mark as lost"),
        icon="location_off",
        explain=_(
            "The carrier cannot find the parcel. You can still receive, "
            "refund or reject the return."
        ),
        form_class=ReasonForm,
        done=_("Changes saved"),
    )
    def lose(self, request: HttpRequest, row: ReturnAuthorization, data: FormData) -> None:
        authorizations.mark_lost(authorization=row, **data, **acting(request))

    @confirmed_action(
        description=_("Create return to supplier"),
        icon="local_shipping",
        explain=_(
            "This creates a supplier return with the expected credit. Contact the "
            "supplier yourself and record its answer there."
        ),
        done=_("Supplier return created"),
    )
    def send_to_supplier(
        self, request: HttpRequest, row: ReturnAuthorization, _data: object
    ) -> None:
        supplier_returns.open_for_return(authorization=row, **acting(request))
