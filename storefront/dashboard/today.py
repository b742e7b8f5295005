"""The start page: what waits for a person, and how the day goes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from storefront.dashboard import alerts, figures, freshness, stuck
from storefront.lib.money import Money


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the start page; each part appears only for who may see its tables."""
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    waiting = stuck.find(causes=stuck.causes_for(request.user), now=now)
    context |= {
        "now": now,
        "waiting": waiting,
        "waiting_count": _count(waiting),
        "at_risk": _at_risk(waiting),
        "alert_count": alerts.count(waiting),
    }
    if _may_see(request, "orders.view_order"):
        context["orders"] = figures.orders(midnight=midnight)
    if _may_see(request, "orders.view_payment"):
        context["money"] = figures.money(midnight=midnight)
        context["earned"] = figures.earned(now=now)
    if _may_see(request, "shipping.view_parcel"):
        context["parcels"] = figures.parcels(midnight=midnight)
    if _may_see(request, "suppliers.view_feedrun"):
        context["freshness"] = freshness.look(now=now)
    return context


def _may_see(request: HttpRequest, permission: str) -> bool:
    return request.user.has_perm(permission)


def _count(waiting: list[stuck.Waiting]) -> int:
    return sum({row.cause.code: row.count for row in waiting}.values())


def _at_risk(waiting: list[stuck.Waiting]) -> list[Money]:
    sums: dict[str, Money] = {}
    for row in waiting:
        if row.at_risk is not None:
            known = sums.get(row.at_risk.currency, Money.zero(row.at_risk.currency))
            sums[row.at_risk.currency] = known + row.at_risk
    return [sums[currency] for currency in sorted(sums)]
