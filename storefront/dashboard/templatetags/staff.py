"""Staff template filters: format money, ages, statuses, metrics and chart coordinates."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.utils.translation import gettext

from storefront.dashboard.suppliers import metrics
from storefront.lib.money import Money
from storefront.lib.staff.columns import as_age, as_money, as_status

register = template.Library()
MINUTES_PER_HOUR = 60


@register.filter
def money(amount: Money) -> str:
    return as_money(amount)


@register.filter
def age(moment: datetime) -> str:
    return as_age(moment)


@register.filter
def state(word: str, mark: str = "") -> str:
    return as_status(word, calls=mark == "calls", waits=mark == "waits", ended=mark == "ended")


@register.filter
def minutes(span: timedelta) -> int:
    return int(span.total_seconds()) // MINUTES_PER_HOUR


@register.filter
def measured(value: Decimal | None, measure: str) -> str:
    return metrics.format_value(measure, value)


@register.filter
def brief(value: Decimal, measure: str) -> str:
    return metrics.format_short(measure, value)


@register.filter
def plain(place: float) -> str:
    """Format a coordinate for SVG, whatever the language."""
    return f"{place:g}"


@register.filter
def round_mark(value: Decimal) -> str:
    """Format a number without trailing zeros."""
    return f"{value.normalize():f}"


@register.filter
def proof(state: str) -> str:
    """Return the label of a criterion's state."""
    return {
        "proven": gettext("valid"),
        "ends_soon": gettext("expires soon"),
        "waits": gettext("needs review"),
        "over": gettext("expired"),
        "rejected": gettext("rejected"),
        "missing": gettext("missing"),
    }[state]
