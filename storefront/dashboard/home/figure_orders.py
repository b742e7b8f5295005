"""Page Orders in the figures: list the orders that a figure of a period counts, export them as CSV."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Channel
from orders.models import OrderLine
from storefront.dashboard import staff_page
from storefront.dashboard.home import figures_page
from storefront.dashboard.home.figures_page import FiguresForm
from storefront.dashboard.models import OrderFigures
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff.columns import as_money, field_label
from storefront.lib.staff.list_actions import csv_response
from storefront.lib.staff.pagination import LimitedPaginator, page_number

PER_PAGE = 50
BATCH_SIZE = 500
ALL, OWN_PAGES = "all", "own_pages"
FIGURES = {
    ALL: (gettext_lazy("All"), Q()),
    OWN_PAGES: (gettext_lazy("Placed on our own pages"), Q(channel__is_storefront=True)),
    "refunds": (gettext_lazy("With refunds"), Q(refunds__gt=0)),
    "promise": (gettext_lazy("Promise kept or missed"), Q(kept__gt=0) | Q(missed__gt=0)),
    "canceled": (gettext_lazy("With canceled units"), Q(canceled__gt=0)),
    "returned": (gettext_lazy("With returned units"), Q(returned__gt=0)),
    "repeats": (gettext_lazy("Of repeat customers"), Q(repeats__gt=0)),
    "estimated": (gettext_lazy("With estimated costs"), Q(estimated__gt=0)),
}
COUNTS = ("units", "canceled", "delivered", "returned", "kept", "missed", "repeats")
AMOUNTS = frozenset({"revenue", "refunds", "profit"})


def _currencies() -> list[tuple[str, str]]:
    codes = Channel.objects.order_by("currency").values_list("currency", flat=True).distinct()
    return [("", _("All")), *((code, code) for code in codes)]


class FigureOrdersForm(FiguresForm):
    """Form for the filters of the page Figures, and the figure that counts the orders."""

    figure = forms.ChoiceField(
        label=gettext_lazy("Orders"),
        choices=[(name, label) for name, (label, _q) in FIGURES.items()],
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), required=False, choices=_currencies
    )
    sku = forms.CharField(label=gettext_lazy("SKU"), required=False, max_length=64)


def show(request: HttpRequest) -> HttpResponse:
    """Show a page of the orders, or all of them as CSV."""
    staff_page.require(request, "orders.view_order")
    form = FigureOrdersForm(
        {"period": str(figures_page.DEFAULT_DAYS), "figure": ALL, **request.GET.dict()}
    )
    if not request.user.has_perm(VIEW_COSTS):
        del form.fields["supplier"]
    rows = _rows(form) if form.is_valid() else OrderFigures.objects.none()
    names = _columns(request.user)
    if "csv" in request.GET:
        return csv_response(_csv_rows(rows, names), "figure-orders.csv")
    paginator = LimitedPaginator(rows, PER_PAGE)
    paginator.requested = page_number(request.GET.get("page", ""))
    page = paginator.get_page(paginator.requested)
    return staff_page.render(
        request,
        "dashboard/figures/orders.html",
        title=_("Orders in the figures"),
        form=form,
        heads=[field_label(OrderFigures, name) for name in names],
        page=page,
        rows=[(row, [_cell(row, name) for name in names]) for row in page],
    )


def _rows(form: FigureOrdersForm) -> QuerySet[OrderFigures]:
    """Return the rows that the page Figures sums, in the order of their days, newest first."""
    known = form.cleaned_data
    period = form.chosen_period(today=timezone.localdate())
    _label, condition = FIGURES[known["figure"]]
    rows = OrderFigures.objects.filter(
        condition, day__gte=period.since, day__lte=period.until, supplier=known.get("supplier")
    )
    chosen = {name: known[name] for name in ("channel", "currency") if known[name]}
    rows = rows.filter(**chosen)
    if known["sku"]:
        rows = rows.filter(
            order__in=OrderLine.objects.filter(variant__sku=known["sku"]).values("order")
        )
    return rows.select_related("order", "channel").order_by("-day", "-pk")


def _columns(user: AbstractBaseUser | AnonymousUser) -> list[str]:
    may = getattr(user, "has_perm", lambda _right: False)
    names = list(COUNTS)
    if may(figures_page.MONEY_RIGHT):
        names += ["revenue", "refunds"]
        names += ["profit"] if may(VIEW_COSTS) else []
    return names


def _cell(row: OrderFigures, name: str) -> str:
    value = getattr(row, name)
    return as_money(Money(value, row.currency)) if name in AMOUNTS else str(value)


def _csv_rows(rows: QuerySet[OrderFigures], names: list[str]) -> Iterator[list[Any]]:
    heads: list[Any] = [_("Order"), _("Date"), _("Channel"), _("Currency")]
    yield [*heads, *(field_label(OrderFigures, name) for name in names)]
    for row in rows.iterator(chunk_size=BATCH_SIZE):
        values = [getattr(row, name) for name in names]
        yield [row.order.number, row.day, row.channel.code, row.currency, *values]
