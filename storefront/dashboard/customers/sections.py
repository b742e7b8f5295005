"""Customer page sections: read orders, value, returns, messages, e-mails, consents and addresses.

Each section is limited to its newest rows and to what the user may see.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.core.paginator import Page
from django.db.models import Count, QuerySet, Sum, Window
from django.db.models.functions import Lower

from notifications import preferences
from notifications.models import Consent, Message
from orders.models import CustomerNote, Order, OrderMessage, ReturnAuthorization
from orders.order_notes import customer_notes
from storefront.dashboard.customers.people import Customer
from storefront.dashboard.models import OrderFigures
from storefront.lib.address import Address
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff.pagination import LimitedPaginator

ORDERS_PER_PAGE = 25
MAX_ROWS = 20  # of each other section
MAX_RECENT = 200  # orders whose e-mails and addresses are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What the paid orders in one currency were worth; ``profit`` is None without the permission."""

    orders: int
    average: Money
    revenue: Money
    refunds: Money
    profit: Money | None
    is_estimated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The newest choice of an address or number about one kind of message."""

    consent: Consent
    kind: Any  # the label, or the code of a kind that is no longer offered


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAddress:
    """A delivery address: saved in the account, or of the newest order that has it."""

    lines: list[str]
    is_saved: bool
    is_default: bool = False
    number: str = ""


def load(customer: Customer, *, user: Any, page: int) -> dict[str, Any]:
    """Return what the page shows; a section that the user may not see is None."""
    orders = customer.orders()
    counted = orders.annotate(count=Window(Count("pk")))
    recent: list[Any] = list(
        counted.values("number", "email", "sms_number", "ship_to", "count")[:MAX_RECENT]
    )
    own = customer.addresses
    numbers = {order["sms_number"] for order in recent}
    numbers |= {customer.user.sms_number} if customer.user else set()
    own_numbers = numbers - {""}
    may = user.has_perm
    return {
        "orders": _page(orders, page, count=recent[0]["count"] if recent else 0),
        "values": _values(orders, has_costs=may(VIEW_COSTS)),
        "returns": _returns(orders) if may("orders.view_returnauthorization") else None,
        "messages_written": _messages(orders) if may("orders.view_ordermessage") else None,
        "mails": _mails(customer, recent, own | own_numbers)
        if may("notifications.view_message")
        else None,
        "choices": _choices(own | own_numbers),
        "addresses": list(_addresses(customer, recent)),
        "notes": _notes(own) if may("orders.view_customernote") else None,
        "former": sorted(own - {customer.email}),
    }


def _page(orders: QuerySet[Order], page: int, *, count: int) -> Page[Any]:
    paginator = LimitedPaginator(orders, ORDERS_PER_PAGE)
    paginator.count = count
    paginator.requested = page
    paginator.all_rows = Order.objects.with_progress().select_related("channel")
    return paginator.get_page(page)


def _values(orders: QuerySet[Order], *, has_costs: bool) -> list[Value]:
    """Return the value by currency, the largest number of orders first.

    The figures of each order are those of the page Figures: net revenue, and profit after all
    costs; orders that were never paid have none.
    """
    of_orders = OrderFigures.objects.filter(order__in=orders.order_by().values("pk"), supplier=None)
    sums = of_orders.order_by().values("currency").annotate(
        count=Count("pk"),
        revenue=Sum("revenue"),
        refunds=Sum("refunds"),
        profit=Sum("profit"),
        estimated=Sum("estimated"),
    )  # fmt: skip
    return [
        Value(
            orders=row["count"],
            average=_money(row["revenue"] / row["count"], row),
            revenue=_money(row["revenue"], row),
            refunds=_money(row["refunds"], row),
            profit=_money(row["profit"], row) if has_costs else None,
            is_estimated=bool(row["estimated"]),
        )
        for row in sorted(sums, key=lambda row: (-row["count"], row["currency"]))
    ]


def _money(amount: Decimal, row: Any) -> Money:
    return Money(amount, row["currency"])


def _returns(orders: QuerySet[Order]) -> Sequence[ReturnAuthorization]:
    rows = ReturnAuthorization.objects.filter(order__in=orders.order_by().values("pk"))
    return list(rows.select_related("order").order_by("-pk")[:MAX_ROWS])


def _messages(orders: QuerySet[Order]) -> Sequence[OrderMessage]:
    rows = OrderMessage.objects.filter(order__in=orders.order_by().values("pk"))
    return list(rows.select_related("order").order_by("-pk")[:MAX_ROWS])


def _mails(customer: Customer, recent: list[Any], recipients: set[str]) -> Sequence[Message]:
    """Return the newest messages about the account and the recent orders to this person."""
    subjects = [f"order:{order['number']}" for order in recent]
    if customer.user:
        subjects.append(f"account:{customer.user.pk}")
    to = recipients | {order["email"].lower() for order in recent}
    rows = Message.objects.alias(to=Lower("recipient")).filter(
        event__subject__in=subjects, to__in=to
    )
    return list(rows.select_related("event").order_by("-pk")[:MAX_ROWS])


def _choices(recipients: set[str]) -> list[Choice]:
    newest = Consent.objects.filter(recipient__in=recipients).order_by(
        "recipient", "sender", "kind", "-pk"
    )
    labels: dict[str, Any] = {str(kind): label for kind, label in preferences.LABELS.items()}
    return [
        Choice(consent=consent, kind=labels.get(consent.kind, consent.kind))
        for consent in newest.distinct("recipient", "sender", "kind")
    ]


def _addresses(customer: Customer, recent: list[Any]) -> Iterator[KnownAddress]:
    """Yield each address once: those saved in the account, then those of recent orders."""
    seen: list[list[str]] = []
    for row in customer.saved:
        lines = _lines(row["address"])
        seen.append(lines)
        yield KnownAddress(lines=lines, is_saved=True, is_default=row["is_default"])
    for order in recent:
        lines = _lines(order["ship_to"])
        if lines and lines not in seen and len(seen) < MAX_ROWS:
            seen.append(lines)
            yield KnownAddress(lines=lines, is_saved=False, number=order["number"])


def _lines(address: Mapping[str, Any]) -> list[str]:
    """Return the filled parts of an address in the order of a letter."""
    parts = (address.get(part.name) for part in fields(Address))
    return [str(part) for part in parts if part]


def _notes(emails: set[str]) -> Sequence[CustomerNote]:
    return list(customer_notes.notes_on(emails)[:MAX_ROWS])
