"""What the pages of purchase orders show besides their columns."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders import links
from orders.models import PurchaseOrder
from storefront.lib.staff import columns

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


@admin.display(description=_("Supplier's page"))
def supplier_page(purchase_order: PurchaseOrder) -> str | None:
    if not purchase_order.access_key or purchase_order.request_status == Request.UNSUBMITTED:
        return None
    url = links.purchase_url(purchase_order)
    return format_html('<a href="{}" rel="noreferrer">{}</a>', url, gettext("Open"))
