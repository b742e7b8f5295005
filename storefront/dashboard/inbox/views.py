"""Inbox pages: show supply and price alerts in groups, page through the rows of one rule."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.dashboard import staff_page
from storefront.dashboard.inbox import assignments, query, quick_actions
from storefront.dashboard.inbox.query import InboxItem, TruncatedRule

MAX_PER_RULE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertGroup:
    """A group of alerts: its rules, and the text shown if it has no alerts."""

    code: str
    title: str | Promise
    causes: frozenset[str]
    empty_text: str | Promise


GROUPS = (
    AlertGroup(
        code="costs",
        title=_("Cost increases"),
        causes=frozenset({"cost_increased"}),
        empty_text=_("No cost rose above its limit in the last week."),
    ),
    AlertGroup(
        code="margins",
        title=_("Margin problems"),
        causes=frozenset({"price_below_minimum", "price_blocked"}),
        empty_text=_("All prices keep the minimum margin, and none needs approval."),
    ),
    AlertGroup(
        code="stale",
        title=_("Outdated supplier data"),
        causes=frozenset({"stock_stale", "costs_stale"}),
        empty_text=_("All suppliers updated their stock and costs in time."),
    ),
    AlertGroup(
        code="sold_out",
        title=_("Availability problems"),
        causes=frozenset(
            {"line_unroutable", "stock_oversold", "listing_unroutable", "sold_out_in_demand"}
        ),
        empty_text=_(
            "Everything shown as in stock is available, and every order can be fulfilled."
        ),
    ),
)
CHANGE_OFFERS = "suppliers.change_supplieroffer"
ALERTS_PERMISSION = "suppliers.view_supplieroffer"  # the menu requires the same permission
CODES = frozenset[str]().union(*(group.causes for group in GROUPS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """The rows of one group, oldest first; ``count`` includes rows that are not loaded."""

    group: AlertGroup
    rows: Sequence[InboxItem]
    count: int
    truncated: Sequence[TruncatedRule]


def show_alerts(request: HttpRequest) -> HttpResponse:
    """Show the alerts of the rules that the user may see. Raises PermissionDenied."""
    if not may_see_alerts(request.user):
        raise PermissionDenied(ALERTS_PERMISSION)
    causes = tuple(cause for cause in query.rules_for(request.user) if cause.code in CODES)
    items = query.load_items(causes=causes, now=timezone.now(), most=MAX_PER_RULE)
    rows = quick_actions.with_buttons(items, request.user)
    codes = {cause.code for cause in causes}
    return staff_page.render(
        request,
        "dashboard/inbox/alerts.html",
        title=gettext("Alerts"),
        groups=[_alerts(group, rows) for group in GROUPS if group.causes & codes],
        count=count(items),
        list_name="alerts",
    )


def may_see_alerts(user: Any) -> bool:
    return any(user.has_perm(right) for right in (ALERTS_PERMISSION, CHANGE_OFFERS))


def count(items: Iterable[InboxItem]) -> int:
    """Return the number of alerts, including those not listed."""
    return sum({row.cause.code: row.count for row in items if row.cause.code in CODES}.values())


def _alerts(group: AlertGroup, items: Sequence[InboxItem]) -> Alerts:
    rows = [row for row in items if row.cause.code in group.causes]
    return Alerts(group=group, rows=rows, count=count(rows), truncated=query.truncated_rules(rows))


# Rows of one rule

PAGE_SIZE = 100


def show_rule_items(request: HttpRequest, code: str) -> HttpResponse:
    """Show the rows of one rule, oldest first. Raises PermissionDenied."""
    cause = query.rule_for(request.user, code)
    here = assignments.page_number(request.GET.get("page", ""))
    inbox = query.load(
        causes=(cause,), now=timezone.now(), most=PAGE_SIZE, after=PAGE_SIZE * (here - 1)
    )
    if here > 1 and not inbox.rows:  # the rows of the last page are resolved
        return HttpResponseRedirect(reverse("supply:waiting", args=[code]))
    return staff_page.render(
        request,
        "dashboard/inbox/rule.html",
        title=cause.sentence,
        inbox=inbox,
        waiting=quick_actions.with_buttons(inbox.rows, request.user),
        first=PAGE_SIZE * (here - 1) + 1,
        last=PAGE_SIZE * (here - 1) + len(inbox.rows),
        page=here,
        has_more=PAGE_SIZE * here < inbox.count,
        list_name="waiting",
        empty_text=gettext("No open cases."),
    )
