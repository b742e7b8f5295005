"""Inbox pages: show supply and price alerts in groups, page through the rows of one rule."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.dashboard import runbook, staff_page
from storefront.dashboard.inbox import actions, follow_up, query, quick_actions
from storefront.dashboard.inbox.losses import LOSSES
from storefront.dashboard.inbox.query import Filters, InboxItem, TruncatedRule
from storefront.dashboard.inbox.settling.acts import ACTS
from storefront.lib.staff.pagination import page_number

MAX_PER_RULE = 100
ADD_RULE = "dashboard.add_settlingrule"


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
ALERT_RIGHTS = ("suppliers.view_supplieroffer", "suppliers.change_supplieroffer")  # one suffices
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
    staff_page.require_any(request, *ALERT_RIGHTS)
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


def count(items: Iterable[InboxItem]) -> int:
    """Return the number of alerts, including those not listed."""
    return sum({row.cause.code: row.count for row in items if row.cause.code in CODES}.values())


def _alerts(group: AlertGroup, items: Sequence[InboxItem]) -> Alerts:
    rows = [row for row in items if row.cause.code in group.causes]
    return Alerts(group=group, rows=rows, count=count(rows), truncated=query.truncated_rules(rows))


# Rows of one rule

PAGE_SIZE = 100


def filters_of(request: HttpRequest) -> Filters:
    """Return the filters of an inbox page; an unknown one is ignored."""
    owner = request.GET.get("owner", "")
    return Filters(
        user=str(request.user),
        owner=owner if owner in query.OWNERS else "",
        is_late=request.GET.get("late") == "1",
        is_snoozed=request.GET.get("snoozed") == "1",
    )


def filter_links(filters: Filters) -> list[tuple[str, str, bool]]:
    """Return the text and query string of each filter, and whether it is the current one."""
    options = (
        (gettext("All"), query.NOT_SNOOZED),
        (gettext("Mine"), Filters(owner="me")),
        (gettext("Unassigned"), Filters(owner="none")),
        (gettext("Late"), Filters(is_late=True)),
        (gettext("Snoozed"), Filters(is_snoozed=True)),
    )
    current = filters.query_string
    return [(text, option.query_string, option.query_string == current) for text, option in options]


def show_rule_items(request: HttpRequest, code: str) -> HttpResponse:
    """Show the rows of one rule, oldest first. Raises PermissionDenied."""
    cause = query.rule_for(request.user, code)
    filters = filters_of(request)
    here = page_number(request.GET.get("page", ""))
    inbox = query.load(
        causes=(cause,),
        now=timezone.now(),
        most=PAGE_SIZE,
        after=PAGE_SIZE * (here - 1),
        filters=filters,
    )
    if here > 1 and not inbox.rows:  # the rows of the last page are resolved
        url = reverse("supply:waiting", args=[code])
        return HttpResponseRedirect(f"{url}?{filters.query_string}".rstrip("?"))
    can_act = request.user.has_perm(cause.right("change"))
    rows = quick_actions.with_buttons(follow_up.with_notes(inbox.rows), request.user)
    return staff_page.render(
        request,
        "dashboard/inbox/rule.html",
        title=cause.sentence,
        cause=cause,
        loss=LOSSES[code],
        inbox=inbox,
        waiting=rows,
        first=PAGE_SIZE * (here - 1) + 1,
        last=PAGE_SIZE * (here - 1) + len(inbox.rows),
        page=here,
        has_more=PAGE_SIZE * here < inbox.count,
        list_name="waiting",
        empty_text=gettext("No items match this filter")
        if filters.query_string
        else gettext("No open cases."),
        filters=filters,
        filter_links=filter_links(filters),
        bulk_actions=actions.bulk_actions(code) if can_act and rows else (),
        can_act=can_act,
        has_follow_up=True,
        is_closable=can_act and code in follow_up.CLOSABLE,
        runbook=runbook.entries().get(code),
        rule_url=_rule_url(code) if can_act and request.user.has_perm(ADD_RULE) else "",
    )


def _rule_url(code: str) -> str:
    """Return the page of a new rule with the first action of a cause; "" if it has none."""
    key = next((key for key, act in ACTS.items() if act.cause.code == code), "")
    return f"{reverse('admin:dashboard_settlingrule_add')}?act={key}" if key else ""
