"""Dashboard home: show the inbox, today's KPIs, feed freshness and a wrong TRUSTED_PROXIES."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from catalog.safety.guarantees import find_missing_artwork
from storefront.dashboard import staff_page
from storefront.dashboard.figures import queries as figures
from storefront.dashboard.home import feed_freshness, kpis
from storefront.dashboard.inbox import groups, views
from storefront.lib import clock
from storefront.lib.security import proxy_check
from storefront.lib.security.cost_rights import VIEW_COSTS

PROFIT_DAYS = 30


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the start page; each part only for users who may view its tables."""
    now, may_see = timezone.now(), request.user.has_perm
    midnight = clock.midnight(timezone.localdate(now))
    filters = views.filters_of(request)
    inbox = groups.load(user=request.user, now=now, filters=filters)
    context |= {
        "now": now,
        "inbox": inbox,
        "filters": filters,
        "filter_links": views.filter_links(filters),
        "alert_count": inbox.count_of(views.CODES)
        if staff_page.has_any(request, *views.ALERT_RIGHTS)
        else 0,
        "shared_address": proxy_check.shared_address(),
        "trusted_proxies": settings.TRUSTED_PROXIES,
    }
    if may_see("identity.add_guaranteeartwork"):
        context["missing_artwork"] = find_missing_artwork()
    if may_see("orders.view_order"):
        context["orders"] = kpis.orders(midnight=midnight)
    if may_see("orders.view_payment"):
        context["money"] = kpis.money(midnight=midnight)
    if may_see(VIEW_COSTS) and may_see("orders.view_payment"):
        period = figures.last_days(PROFIT_DAYS, today=midnight.date())
        context["profits"] = figures.load(period).now
    if may_see("shipping.view_parcel"):
        context["parcels"] = kpis.parcels(midnight=midnight)
    if may_see("suppliers.view_syncrun"):
        context["freshness"] = feed_freshness.job_freshness(now=now)
    return context
