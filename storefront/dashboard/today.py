"""The start page: what waits for a person, and how the day goes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from storefront.dashboard import alerts, clicking, figures, freshness, stuck


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the start page; each part appears only for who may see its tables."""
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    inbox = stuck.look(causes=stuck.causes_for(request.user), now=now)
    context |= {
        "now": now,
        "waiting": clicking.with_clicks(inbox.rows, request.user),
        "waiting_count": inbox.count,
        "at_risk": inbox.at_risk,
        "cuts": inbox.cuts,
        "alert_count": alerts.count(inbox.rows),
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
