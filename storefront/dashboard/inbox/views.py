"""Inbox pages: show supply and price alerts in groups, page through the rows of one rule.

Each row links to the page where staff correct its cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox import assignments, query, quick_actions
from storefront.dashboard.inbox.query import Cut, Waiting

MOST_PER_CAUSE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of alerts: its rules, and the text shown if there are none."""

    code: str
    title: str | Promise
    causes: frozenset[str]
    all_well: str | Promise


GROUPS = (
    Group(
        code="costs",
        title=_("Cost increases"),
        causes=frozenset({"cost_risen"}),
        all_well=_("No cost rose above its limit in the last week."),
    ),
    Group(
        code="margins",
        title=_("Margin problems"),
        causes=frozenset({"price_below_floor", "price_held"}),
        all_well=_("All prices keep the minimum margin, and none needs approval."),
    ),
    Group(
        code="stale",
        title=_("Outdated supplier data"),
        causes=frozenset({"stale_supplier", "stale_costs"}),
        all_well=_("All suppliers updated their stock and costs in time."),
    ),
    Group(
        code="sold_out",
        title=_("Availability problems"),
        causes=frozenset(
            {"line_unroutable", "stock_risk", "listing_unroutable", "sold_out_selling"}
        ),
        all_well=_("Everything shown as in stock is available, and every order can be fulfilled."),
    ),
)
CHANGE_OFFERS = "suppliers.change_supplieroffer"
ALERTS_RIGHT = "suppliers.view_supplieroffer"  # the menu requires the same permission
CODES = frozenset[str]().union(*(group.causes for group in GROUPS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """The rows of one group, oldest first; ``count`` is their number in all."""

    group: Group
    rows: Sequence[Waiting]
    count: int
    cuts: Sequence[Cut]


def show_alerts(request: HttpRequest) -> HttpResponse:
    """Show all alerts whose tables the user may see.

    Raises: PermissionDenied: the user may not see offers.
    """
    if not may_see_alerts(request.user):
        raise PermissionDenied(ALERTS_RIGHT)
    causes = tuple(cause for cause in query.causes_for(request.user) if cause.code in CODES)
    found = query.find(causes=causes, now=timezone.now(), most=MOST_PER_CAUSE)
    rows = quick_actions.with_clicks(found, request.user)
    seen = {cause.code for cause in causes}
    context = {
        **admin.site.each_context(request),
        "title": gettext("Alerts"),
        "groups": [_alerts(group, rows) for group in GROUPS if group.causes & seen],
        "count": count(found),
        "list_name": "alerts",
    }
    return TemplateResponse(request, "dashboard/inbox/alerts.html", context)


def may_see_alerts(user: Any) -> bool:
    return any(user.has_perm(right) for right in (ALERTS_RIGHT, CHANGE_OFFERS))


def count(found: Iterable[Waiting]) -> int:
    """Return the number of alerts, including those not listed."""
    return sum({row.cause.code: row.count for row in found if row.cause.code in CODES}.values())


def _alerts(group: Group, found: Sequence[Waiting]) -> Alerts:
    rows = [row for row in found if row.cause.code in group.causes]
    return Alerts(group=group, rows=rows, count=count(rows), cuts=query.cuts(rows))


# Rows of one rule

ON_A_PAGE = 100


def show_rule_items(request: HttpRequest, code: str) -> HttpResponse:
    """Show the rows of one rule, oldest first.

    Raises: PermissionDenied: the user may not see their table.
    """
    causes = tuple(cause for cause in query.causes_for(request.user) if cause.code == code)
    if not causes:
        raise PermissionDenied(query.right_to_see(code))
    here = assignments.page_of(request.GET.get("page", ""))
    inbox = query.look(
        causes=causes, now=timezone.now(), most=ON_A_PAGE, after=ON_A_PAGE * (here - 1)
    )
    if here > 1 and not inbox.rows:  # the rows of the last page are resolved
        return HttpResponseRedirect(reverse("supply:waiting", args=[code]))
    context = {
        **admin.site.each_context(request),
        "title": causes[0].sentence,
        "inbox": inbox,
        "waiting": quick_actions.with_clicks(inbox.rows, request.user),
        "first": ON_A_PAGE * (here - 1) + 1,
        "last": ON_A_PAGE * (here - 1) + len(inbox.rows),
        "page": here,
        "has_more": ON_A_PAGE * here < inbox.count,
        "list_name": "waiting",
        "said_empty": gettext("No open cases."),
    }
    return TemplateResponse(request, "dashboard/inbox/rule.html", context)
