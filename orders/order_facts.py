"""What the staff page of an order says of its shopper."""

from __future__ import annotations

import dataclasses

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders import access, address_checks
from orders.models import Order
from storefront.lib.address import Address


@admin.display(description=_("Delivered to"))
def address(order: Order) -> str:
    lines = (str(order.ship_to.get(field.name) or "") for field in dataclasses.fields(Address))
    return "\n".join(filter(None, lines))


@admin.display(description=_("How it was checked"))
def address_check(order: Order) -> str:
    noted = order.address_check
    verdict = address_checks.said(noted)
    other = ", ".join(str(part) for part in noted.get("other", {}).values() if part)
    lines = (verdict, noted.get("reason", ""), other and f"({other})")
    return "\n".join(filter(None, lines))


@admin.display(description=_("Shopper's page"))
def shopper_page(order: Order) -> str:
    return format_html(
        '<a href="{}" rel="noreferrer">{}</a>', access.order_url(order), gettext("Open")
    )
