"""Staff template filters: format money, ages, statuses, metrics and chart coordinates."""

from datetime import timedelta

from django import template
from django.utils.translation import gettext

from storefront.dashboard.suppliers import metrics
from storefront.lib.staff.columns import as_age, as_money, as_number, as_percent, as_status

register = template.Library()
register.filter("money", as_money)
register.filter("age", as_age)
register.filter("number", as_number)
register.filter("percent", as_percent)
register.filter("measured", metrics.format_value)
register.filter("brief", metrics.format_short)
SECONDS_PER_MINUTE = 60


@register.filter
def state(word: str, mark: str = "") -> str:
    return as_status(
        word, needs_action=mark == "needs_action", waiting=mark == "waiting", final=mark == "final"
    )


@register.filter
def minutes(span: timedelta) -> int:
    return int(span.total_seconds()) // SECONDS_PER_MINUTE


@register.filter
def duration(seconds: int | None) -> str:
    """Format a number of seconds in its two largest units; a dash if it is unknown."""
    return "–" if seconds is None else metrics.duration(seconds)


@register.filter
def plain(coordinate: float) -> str:
    """Format a coordinate for SVG, whatever the language."""
    return f"{coordinate:g}"


@register.filter
def requirement_state(state: str) -> str:
    """Return the label of a requirement's state."""
    return {
        "valid": gettext("Valid"),
        "expires_soon": gettext("Expires soon"),
        "waiting": gettext("Needs review"),
        "expired": gettext("Expired"),
        "rejected": gettext("Rejected"),
        "missing": gettext("Missing"),
    }[state]
