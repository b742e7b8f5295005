"""Page Figures: compare a period with the one before, draw its days, export them as CSV."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Channel, DailySales
from storefront.dashboard import staff_page
from storefront.dashboard.figures import queries
from storefront.dashboard.figures.queries import Comparison, Period, Sums
from storefront.dashboard.home import current_state
from storefront.dashboard.models import PendingFigures
from storefront.lib.clock import midnight
from storefront.lib.line_charts import StepChart, step_chart
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff.columns import as_money, as_percent
from storefront.lib.staff.form_fields import check_year
from storefront.lib.staff.list_actions import csv_response
from suppliers.models import Supplier

CUSTOM = "custom"
DEFAULT_DAYS, MAX_DAYS = 30, 731
MAX_PRODUCTS = 10
MONEY_RIGHT = "orders.view_payment"


class FiguresForm(forms.Form):
    """Form for the period, the channel and the supplier."""

    period = forms.ChoiceField(
        label=gettext_lazy("Period"),
        choices=[
            ("1", gettext_lazy("Today")),
            ("7", gettext_lazy("7 days")),
            ("30", gettext_lazy("30 days")),
            ("90", gettext_lazy("90 days")),
            (CUSTOM, gettext_lazy("From first to last day")),
        ],
    )
    since = forms.DateField(
        label=gettext_lazy("First day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[check_year],
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[check_year],
    )
    channel = forms.ModelChoiceField(
        Channel.objects.order_by("name"),
        label=gettext_lazy("Channel"),
        required=False,
        to_field_name="code",
        empty_label=gettext_lazy("All channels"),
    )
    supplier = forms.ModelChoiceField(
        Supplier.objects.order_by("name"),
        label=gettext_lazy("Supplier"),
        required=False,
        to_field_name="code",
        empty_label=gettext_lazy("All suppliers"),
    )

    def clean(self) -> dict[str, Any]:
        known = super().clean() or self.cleaned_data
        if known.get("period") != CUSTOM:
            return known
        since, until = known.get("since"), known.get("until")
        if since is None or until is None:
            self.add_error("period", _("Enter the first and the last day."))
        elif not 0 <= (until - since).days < MAX_DAYS:
            self.add_error(
                "until",
                _("The last day must be on or after the first day, at most two years later."),
            )
        return known

    def chosen_period(self, *, today: date) -> Period:
        """Return the chosen period, or the default one if the form is not valid."""
        if not self.is_valid():
            return queries.last_days(DEFAULT_DAYS, today=today)
        known = self.cleaned_data
        if known["period"] == CUSTOM:
            return Period(since=known["since"], until=known["until"])
        return queries.last_days(int(known["period"]), today=today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A row of the page: a value, that of the period before, and the list of its rows."""

    label: str
    value: str
    before: str
    change: str
    link: str
    explained: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyFigures:
    """The figures of one currency, with charts of sales and orders, day by day."""

    currency: str
    estimated: int
    estimated_link: str
    rows: list[Figure]
    days: list[Sums]
    sales_chart: StepChart | None
    orders_chart: StepChart | None


def show(request: HttpRequest) -> HttpResponse:
    """Show the figures, only their part that a script refreshes, or their days as CSV."""
    staff_page.require(request, "orders.view_order")
    now = timezone.now()
    today = timezone.localdate(now)
    form = FiguresForm({"period": str(DEFAULT_DAYS), **request.GET.dict()})
    may_see_costs = request.user.has_perm(VIEW_COSTS)
    if not may_see_costs:
        del form.fields["supplier"]
    period = form.chosen_period(today=today)
    channel, supplier = form.cleaned_data.get("channel"), form.cleaned_data.get("supplier")
    found = queries.load(period, channel=channel, supplier=supplier)
    sees_money = request.user.has_perm(MONEY_RIGHT)
    if "csv" in request.GET:
        rows = _csv_rows(found, sees_money=sees_money, sees_costs=may_see_costs)
        return csv_response(rows, "figures.csv")
    return staff_page.render(
        request,
        "dashboard/figures/part.html" if "part" in request.GET else "dashboard/figures/page.html",
        title=_("Figures"),
        form=form,
        period=period,
        has_money=sees_money,
        has_costs=may_see_costs and sees_money,
        currencies=[
            _of_currency(request, sums, found, period, channel, supplier) for sums in found.now
        ],
        states=list(current_state.load(request.user, channel=channel, now=now)),
        products=None if supplier else _top_products(period, channel),
        counted_at=now,
        is_counting=PendingFigures.objects.exists(),
    )


def _of_currency(  # noqa: PLR0913, PLR0917 - the filters of the page
    request: HttpRequest,
    sums: Sums,
    found: Comparison,
    period: Period,
    channel: Channel | None,
    supplier: Supplier | None,
) -> CurrencyFigures:
    days = [day for day in found.days if day.currency == sums.currency]
    before = found.before.get(sums.currency, Sums(currency=sums.currency))
    may_see = request.user.has_perm
    filters = {
        "channel": channel.code if channel else "",
        "supplier": supplier.code if supplier else "",
        "currency": sums.currency,
    }

    def link(figure: str = "all") -> str:
        return orders_link(period, figure, **filters)

    rows = [
        _counted(_("Orders"), sums.orders, before.orders, link()),
        _counted(_("Units"), sums.units, before.units, link()),
    ]
    if may_see(MONEY_RIGHT):
        rows += [
            _amount(_("Net sales"), sums.revenue, before.revenue, link()),
            _amount(_("Average order value"), sums.average, before.average, link()),
        ]
        if may_see(VIEW_COSTS):
            rows += [
                _amount(_("Profit"), sums.profit, before.profit, link()),
                _rate(_("Profit margin"), sums.margin, before.margin, link()),
            ]
        if supplier is None:
            rows.append(_amount(_("Refunds"), sums.refunds, before.refunds, link("refunds")))
    rows += [
        _rate(
            _("Promise kept"),
            sums.promise_rate,
            before.promise_rate,
            link("promise"),
            _("Orders that arrived by the promised day."),
        ),
        _rate(
            _("Cancellation rate"),
            sums.cancellation_rate,
            before.cancellation_rate,
            link("canceled"),
            _("Canceled units of the ordered ones."),
        ),
        _rate(
            _("Return rate"),
            sums.return_rate,
            before.return_rate,
            link("returned"),
            _("Returned units of the delivered ones."),
        ),
        _rate(
            _("Repeat customers"),
            sums.repeat_rate,
            before.repeat_rate,
            link("repeats"),
            _("Orders of an e-mail address that had ordered before."),
        ),
    ]
    sees_profit = may_see(MONEY_RIGHT) and may_see(VIEW_COSTS)
    return CurrencyFigures(
        currency=sums.currency,
        estimated=sums.estimated,
        estimated_link=link("estimated"),
        rows=rows,
        days=days,
        sales_chart=day_chart(
            period,
            [
                {day.day: day.revenue_amount for day in days},
                {day.day: day.profit_amount for day in days} if sees_profit else {},
            ],
        )
        if may_see(MONEY_RIGHT)
        else None,
        orders_chart=day_chart(period, [{day.day: Decimal(day.orders) for day in days}]),
    )


def day_chart(period: Period, lines: list[dict[date | None, Decimal]]) -> StepChart | None:
    """Draw each day as a step; a day without orders is zero, and so is a loss."""
    days = [period.since + timedelta(days=number) for number in range(period.days)]
    zero = Decimal(0)
    drawn: list[list[tuple[datetime, Decimal | None]]] = [
        [(midnight(day), max(line.get(day, zero), zero)) for day in days] if line else []
        for line in lines
    ]
    return step_chart(drawn, until=midnight(period.until + timedelta(days=1)))


def _counted(label: str, now: int, before: int, link: str) -> Figure:
    change = _relative(Decimal(now), Decimal(before))
    return Figure(label=label, value=str(now), before=str(before), change=change, link=link)


def _amount(label: str, now: Money | None, before: Money | None, link: str) -> Figure:
    return Figure(
        label=label,
        value="–" if now is None else as_money(now),
        before="–" if before is None else as_money(before),
        change="" if now is None or before is None else _relative(now.amount, before.amount),
        link=link,
    )


def _rate(
    label: str, now: Decimal | None, before: Decimal | None, link: str, explained: str = ""
) -> Figure:
    change = ""
    if now is not None and before is not None:
        change = _("%(points)+.1f points") % {"points": (now - before) * 100}
    return Figure(
        label=label,
        value=as_percent(now),
        before=as_percent(before),
        change=change,
        link=link,
        explained=explained,
    )


def _relative(now: Decimal, before: Decimal) -> str:
    return f"{(now - before) / before * 100:+.0f} %" if before > 0 else ""


def orders_link(period: Period, figure: str = "all", **filters: str) -> str:
    """Return the list of the orders that a figure counts; empty filters are left out."""
    known = {"figure": figure, "period": CUSTOM}
    known |= {"since": str(period.since), "until": str(period.until)}
    known |= {name: value for name, value in filters.items() if value}
    return f"{reverse('supply:figure_orders')}?{urlencode(known)}"


def _top_products(
    period: Period, channel: Channel | None
) -> list[tuple[Mapping[str, object], str]]:
    """Return the variants with the most units sold, counted every hour, with a list of orders."""
    channels = Q(channel=channel) if channel else Q(channel__in=Channel.objects.all())
    rows = (
        DailySales.objects.filter(channels, day__gte=period.since, day__lte=period.until)
        .values("variant", "variant__sku", "variant__product__title")
        .annotate(sold=Sum("units"))
        .order_by("-sold", "variant__sku")[:MAX_PRODUCTS]
    )
    filters = {"channel": channel.code} if channel else {}
    return [(row, orders_link(period, sku=row["variant__sku"], **filters)) for row in rows]


def _csv_rows(found: Comparison, *, sees_money: bool, sees_costs: bool) -> Iterator[list[object]]:
    """Yield a head, then a row for each day and currency, without what the user may not see."""
    counts = ("orders", "units", "canceled", "delivered", "returned", "kept", "missed", "repeats")
    heads: list[object] = [_("Date"), _("Currency"), _("Orders"), _("Units"), _("Units canceled")]
    heads += [_("Units delivered"), _("Units returned"), _("Promise kept"), _("Promise missed")]
    heads.append(_("Orders of repeat customers"))
    if sees_money:
        heads += [_("Net sales"), _("Refunds")]
        heads += [_("Profit")] if sees_costs else []
    yield heads
    for day in found.days:
        row: list[object] = [day.day, day.currency, *(getattr(day, name) for name in counts)]
        if sees_money:
            row += [day.revenue_amount, day.refunds_amount]
            row += [day.profit_amount] if sees_costs else []
        yield row
