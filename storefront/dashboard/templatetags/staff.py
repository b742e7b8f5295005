"""Words and numbers of the staff pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template

from storefront.lib.columns import as_age, as_money, as_state
from storefront.lib.money import Money

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
    return as_state(word, calls=mark == "calls", waits=mark == "waits", ended=mark == "ended")


@register.filter
def words(code: str) -> str:
    return code.replace("_", " ")


@register.filter
def minutes(span: timedelta) -> int:
    return int(span.total_seconds()) // MINUTES_PER_HOUR
