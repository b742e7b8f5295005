"""Order page tags: notes, items, closed actions and timeline of what an admin page shows."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils import timezone
from django.utils.functional import Promise

from orders.models import CustomerNote, PurchaseOrder
from orders.order_notes import customer_notes as notes
from storefront.dashboard.orders import closed_actions, items, purchase_order, timeline

register = template.Library()


@register.simple_tag(takes_context=True)
def customer_notes(context: template.Context) -> list[CustomerNote]:
    """Return the notes on the customer of the order, none without the permission to see them."""
    if not context["request"].user.has_perm("orders.view_customernote"):
        return []
    return list(notes.notes_on_customer_of(context["original"]))


@register.simple_tag(takes_context=True)
def order_items(context: template.Context) -> list[items.Item]:
    return items.load(context["original"], user=context["request"].user)


@register.simple_tag(takes_context=True)
def order_closed_actions(context: template.Context) -> list[tuple[Sequence[str], Promise]]:
    return closed_actions.load(context["original"], request=context["request"])


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
