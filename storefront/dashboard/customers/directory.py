"""Customer list: those who ordered last, or those that a search finds, accounts and guests."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from orders.models import Order
from orders.privacy import ERASED
from storefront.accounts.models import User
from storefront.dashboard import staff_page
from storefront.dashboard.customers.page import VIEW
from storefront.lib.db.indexed_search import find_in_tables

MAX_ROWS = 50
MAX_ORDERS = 300  # the newest ones, from which the list is made
MAX_FOUND = 1_000  # of each search


@dataclass(slots=True, kw_only=True)
class Row:
    """One customer; ``last_order`` is the newest order that was read."""

    url: str
    email: str
    name: str
    is_account: bool
    last_order: str = ""
    placed_at: datetime | None = None


def show(request: HttpRequest) -> HttpResponse:
    """List customers by a search for e-mail, name, phone, or what the list of orders finds."""
    staff_page.require(request, VIEW, "orders.view_order")
    text = request.GET.get("q", "").strip()
    rows = _rows(text)
    return staff_page.render(
        request,
        "dashboard/customers/list.html",
        title=_("Customers"),
        text=text,
        rows=rows[:MAX_ROWS],
        is_cut=len(rows) > MAX_ROWS,
    )


def _rows(text: str) -> list[Row]:
    orders, users = Order.objects.exclude(email__endswith=ERASED), User.objects.none()
    if text:
        lists: list[Any] = [admin.site.get_model_admin(model) for model in (Order, User)]
        tables = [page.searches(text) for page in lists]
        by_order, by_user = find_in_tables(tables, limit=MAX_FOUND)
        orders = orders.filter(pk__in=list(by_order.ids))
        users = User.objects.filter(pk__in=list(by_user.ids))
    newest = list(
        orders.order_by("-placed_at", "-pk").values_list(
            "pk", "number", "email", "ship_to__name", "placed_at", "cart__owner"
        )[:MAX_ORDERS]
    )
    owners = {row[5] for row in newest} - {None}
    proven = dict(
        EmailAddress.objects.filter(
            email__in={row[2].lower() for row in newest}, verified=True
        ).values_list("email", "user")
    )
    known = User.objects.filter(Q(pk__in=owners | set(proven.values())) | Q(pk__in=users))
    accounts = known.filter(is_staff=False).in_bulk()
    found: dict[Any, Row] = {}
    for pk, number, email, name, placed_at, owner in newest:
        account = accounts.get(owner or proven.get(email.lower()))
        key = account.pk if account else email.lower()
        if key not in found:
            row = _account(account) if account else _guest(pk, email)
            row.name = row.name or name or ""
            row.last_order, row.placed_at = number, placed_at
            found[key] = row
    for account in accounts.values():
        found.setdefault(account.pk, _account(account))
    return list(found.values())


def _account(user: User) -> Row:
    url = reverse("supply:customer", args=[f"account-{user.pk}"])
    return Row(url=url, email=user.email, name=user.name, is_account=True)


def _guest(order_id: int, email: str) -> Row:
    url = reverse("supply:customer", args=[f"order-{order_id}"])
    return Row(url=url, email=email, name="", is_account=False)
