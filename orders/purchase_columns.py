"""What the pages of purchase orders show besides their columns."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders import access
from orders.models import PurchaseOrder
from storefront.lib import columns

Request = PurchaseOrder.Request

WORK = columns.state(
    "status", _("Work"), calls={"on_hold"}, waits={"draft", "ready"}, ended={"closed", "canceled"}
)
TALK = columns.state(
    "request_status",
    _("Talk"),
    calls={"submit_unknown", "submit_failed"},
    waits={"submitting", "submitted", "backordered", "cancellation_requested"},
    ended={"accepted", "rejected", "cancellation_accepted"},
)


@admin.display(description=_("Why it is held"))
def hold_reasons(purchase_order: PurchaseOrder) -> str | None:
    if not purchase_order.hold_reasons:
        return None
    return format_html(
        "<ul>{}</ul>",
        format_html_join(
            "",
            "<li>{} <code>{}</code></li>",
            ((held["sentence"], held["code"]) for held in purchase_order.hold_reasons),
        ),
    )


@admin.display(description=_("Passed over by a person"))
def waived_reasons(purchase_order: PurchaseOrder) -> str | None:
    if not purchase_order.waived_reasons:
        return None
    return format_html(
        "<ul>{}</ul>",
        format_html_join(
            "",
            "<li>{} <code>{}</code> {}</li>",
            (
                (each["sentence"], each["code"], each.get("by", ""))
                for each in purchase_order.waived_reasons
            ),
        ),
    )


REASONS = (hold_reasons, waived_reasons)


@admin.display(description=_("Supplier's page"))
def supplier_page(purchase_order: PurchaseOrder) -> str | None:
    if not purchase_order.access_key or purchase_order.request_status == Request.UNSUBMITTED:
        return None
    url = access.purchase_url(purchase_order)
    return format_html('<a href="{}" rel="noreferrer">{}</a>', url, gettext("Open"))
