"""Settling matching: find the inbox items to which a rule applies, and why it leaves others alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext

from storefront.dashboard.inbox import query
from storefront.dashboard.inbox.query import InboxItem
from storefront.dashboard.inbox.settling.acts import ACTS, SettlingAct
from storefront.dashboard.models import SettlingRule, SettlingRun
from storefront.lib.money import Money
from storefront.lib.staff.columns import as_money

PAUSE = timedelta(days=1)  # of one record: an action that does not help is not repeated at once
MAX_ITEMS = 500  # of one rule in one run; the next run goes on
_PURCHASE_ORDER = (
    "SELECT x.id, po.supplier_id, o.channel_id FROM {table} x"
    " JOIN orders_purchaseorder po ON po.id = x.purchase_order_id"
    " JOIN orders_order o ON o.id = po.order_id"
)
# Page of a cause -> SQL of id, supplier and channel of its rows. Rows of other pages have neither.
_OWNERS: Mapping[str, str] = {
    "orders_purchaseorder": "SELECT x.id, x.supplier_id, o.channel_id FROM orders_purchaseorder x"
    " JOIN orders_order o ON o.id = x.order_id",
    "orders_backorder": _PURCHASE_ORDER.format(table="orders_backorder"),
    "orders_supplierclaim": _PURCHASE_ORDER.format(table="orders_supplierclaim"),
    "shipping_parcel": "SELECT x.id, po.supplier_id, o.channel_id FROM shipping_parcel x"
    " JOIN shipping_shipment s ON s.id = x.shipment_id"
    " JOIN orders_purchaseorder po ON po.id = s.purchase_order_id"
    " JOIN orders_order o ON o.id = po.order_id",
    "orders_order": "SELECT x.id, NULL::bigint AS supplier_id, x.channel_id FROM orders_order x",
    "catalog_pricehold": "SELECT x.id, NULL::bigint AS supplier_id, l.channel_id"
    " FROM catalog_pricehold x JOIN catalog_listing l ON l.id = x.listing_id",
    "suppliers_supplier": "SELECT x.id, x.id AS supplier_id, NULL::bigint AS channel_id"
    " FROM suppliers_supplier x",
    "suppliers_syncrun": "SELECT x.id, x.supplier_id, NULL::bigint AS channel_id"
    " FROM suppliers_syncrun x",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An inbox item, and why the rule leaves it alone; "" if it applies."""

    item: InboxItem
    amount: Money | None
    obstacle: str = ""


def has_supplier(act: SettlingAct) -> bool:
    sql = _OWNERS.get(act.cause.page, "NULL::bigint AS supplier_id")
    return "NULL::bigint AS supplier_id" not in sql


def has_channel(act: SettlingAct) -> bool:
    sql = _OWNERS.get(act.cause.page, "NULL::bigint AS channel_id")
    return "NULL::bigint AS channel_id" not in sql


def act_of(rule: SettlingRule) -> SettlingAct | None:
    """Return the act of a rule; None if a release removed it."""
    return ACTS.get(f"{rule.cause}:{rule.action}")


def find(rule: SettlingRule, *, now: datetime) -> list[Match]:
    """Return the items of the rule's cause, oldest first. Snoozed items are left out."""
    act = act_of(rule)
    if act is None:
        return []
    items = query.load_items(causes=(act.cause,), now=now, most=MAX_ITEMS)
    rows = [item.row for item in items]
    owners = _load_owners(act.cause.page, rows) if rule.supplier_id or rule.channel_id else {}
    runs = SettlingRun.objects.filter(case__cause=rule.cause, case__row__in=rows)
    undone = runs.filter(status=SettlingRun.Status.UNDONE)
    recent = runs.filter(at__gt=now - PAUSE)
    obstacles = dict.fromkeys(
        recent.values_list("case__row", flat=True), gettext("A rule acted on it within a day")
    ) | dict.fromkeys(undone.values_list("case__row", flat=True), gettext("Undone by staff"))
    return [_match(rule, act, item, owners, obstacles) for item in _once(items)]


def _once(items: Iterable[InboxItem]) -> list[InboxItem]:
    return list({item.row: item for item in reversed(list(items))}.values())[::-1]


def _match(
    rule: SettlingRule,
    act: SettlingAct,
    item: InboxItem,
    owners: Mapping[int, tuple[int | None, int | None]],
    obstacles: Mapping[int, str],
) -> Match:
    amount = act.amount(item)
    supplier_id, channel_id = owners.get(item.row, (None, None))
    obstacle = ""
    if item.assignee:
        obstacle = gettext("%s works on it") % item.assignee
    elif item.row in obstacles:
        obstacle = obstacles[item.row]
    elif not act.parts(item):
        obstacle = gettext("Other hold reasons than a known loss")
    elif rule.supplier_id and rule.supplier_id != supplier_id:
        obstacle = gettext("Another supplier")
    elif rule.channel_id and rule.channel_id != channel_id:
        obstacle = gettext("Another channel")
    elif rule.max_amount is not None:
        obstacle = _amount_obstacle(amount, Money(rule.max_amount, rule.currency))
    return Match(item=item, amount=amount, obstacle=obstacle)


def _amount_obstacle(amount: Money | None, limit: Money) -> str:
    if amount is None:
        return gettext("No amount is known")
    if amount.currency != limit.currency:
        return gettext("Another currency than the limit")
    if amount.amount > limit.amount:
        return gettext("More than %s") % as_money(limit)
    return ""


def _load_owners(page: str, rows: Sequence[int]) -> dict[int, tuple[int | None, int | None]]:
    if page not in _OWNERS:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"{_OWNERS[page]} WHERE x.id = ANY(%s)", [list(rows)])
        return {row: (supplier, channel) for row, supplier, channel in cursor.fetchall()}
