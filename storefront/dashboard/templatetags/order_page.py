"""Order page tags: the items and the timeline of the order that an admin page shows."""

from typing import Any

from django import template

from storefront.dashboard.orders import items, timeline

register = template.Library()


@register.simple_tag(takes_context=True)
def order_items(context: template.Context) -> list[items.Item]:
    return items.load(context["original"], user=context["request"].user)


@register.simple_tag(takes_context=True)
def order_timeline(context: template.Context) -> timeline.Timeline:
    """Return the timeline, which is read once per page."""
    request: Any = context["request"]
    if not hasattr(request, "order_timeline"):
        request.order_timeline = timeline.load(
            context["original"], user=request.user, kind=request.GET.get("kind", "")
        )
    found: timeline.Timeline = request.order_timeline
    return found
