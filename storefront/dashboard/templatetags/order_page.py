"""Order page tags: items and timeline of the order or purchase order that an admin page shows."""

from typing import Any

from django import template
from django.utils import timezone

from orders.models import PurchaseOrder
from storefront.dashboard.orders import items, purchase_order, timeline

register = template.Library()


@register.simple_tag(takes_context=True)
def order_items(context: template.Context) -> list[items.Item]:
    return items.load(context["original"], user=context["request"].user)


@register.simple_tag(takes_context=True)
def order_timeline(context: template.Context) -> timeline.Timeline:
    """Return the timeline, which is read once per page."""
    request: Any = context["request"]
    if not hasattr(request, "order_timeline"):
        row = context["original"]
        is_purchase_order = isinstance(row, PurchaseOrder)
        request.order_timeline = timeline.load(
            row.order_id if is_purchase_order else row.pk,
            user=request.user,
            kind=request.GET.get("kind", ""),
            purchase_order_id=row.pk if is_purchase_order else None,
        )
    found: timeline.Timeline = request.order_timeline
    return found


@register.simple_tag(takes_context=True)
def purchase_order_page(context: template.Context) -> purchase_order.Page:
    return purchase_order.load(
        context["original"], user=context["request"].user, now=timezone.now()
    )
