"""Page Funnel: compare views, carts, checkouts and paid orders; list searches without results."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Channel
from storefront.dashboard import staff_page
from storefront.dashboard.figures import visits
from storefront.dashboard.figures.queries import Period
from storefront.dashboard.figures.visits import Funnel, FunnelSums
from storefront.dashboard.home import figures_page
from storefront.dashboard.home.figures_page import FiguresForm
from storefront.lib.staff.list_actions import csv_response

SEARCH_RIGHT = "dashboard.view_emptysearch"
STEPS = ("views", "carts", "checkouts", "paid")


class FunnelForm(FiguresForm):
    """Form for the period and a channel of our own pages."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["supplier"]
        channels = Channel.objects.filter(is_storefront=True).order_by("name")
        self.fields["channel"].queryset = channels  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """A row of the page: a step, its share of the step before and of all views."""

    label: str
    explained: str
    count: int
    before: int
    rate: Decimal | None
    rate_before: Decimal | None
    of_views: Decimal | None
    link: str = ""


def show(request: HttpRequest) -> HttpResponse:
    """Show the funnel, only its part that a script refreshes, or its days or searches as CSV."""
    staff_page.require(request, "orders.view_order")
    form = FunnelForm({"period": str(figures_page.DEFAULT_DAYS), **request.GET.dict()})
    period = form.chosen_period(today=timezone.localdate())
    channel = form.cleaned_data.get("channel")
    sees_searches = request.user.has_perm(SEARCH_RIGHT)
    searches = visits.load_searches(period, channel=channel) if sees_searches else None
    wanted = request.GET.get("csv", "")
    if wanted == "searches" and searches is not None:
        rows = [(row["text"], row["searches"], row["last"]) for row in searches]
        heads = (_("Search text"), _("Searches"), _("Last day"))
        return csv_response([heads, *rows], "searches.csv")
    funnel = visits.load(period, channel=channel)
    if wanted:
        return csv_response(_csv_rows(funnel), "funnel.csv")
    carts = {day.day: Decimal(day.carts) for day in funnel.days}
    paid = {day.day: Decimal(day.paid) for day in funnel.days}
    return staff_page.render(
        request,
        "dashboard/figures/funnel_part.html"
        if "part" in request.GET
        else "dashboard/figures/funnel.html",
        title=_("Funnel"),
        form=form,
        period=period,
        steps=list(_steps(funnel, _paid_link(period, channel))),
        days=funnel.days,
        chart=figures_page.day_chart(period, [carts, paid]) if funnel.days else None,
        searches=searches,
        families=reverse("admin:catalog_productfamily_changelist")
        if request.user.has_perm("catalog.change_productfamily")
        else "",
    )


def _paid_link(period: Period, channel: Channel | None) -> str:
    code = channel.code if channel else ""
    return figures_page.orders_link(period, "own_pages", channel=code)


def _steps(funnel: Funnel, orders: str) -> Iterator[FunnelStep]:
    texts = {
        "views": (_("Product views"), _("Product pages shown to browsers.")),
        "carts": (_("New carts"), _("Carts that got their first item.")),
        "checkouts": (_("Checkouts begun"), _("Carts that got an address for the first time.")),
        "paid": (_("Paid orders"), _("As on the page Figures, on the day they were placed.")),
    }
    for index, name in enumerate(STEPS):
        label, explained = texts[name]
        earlier = STEPS[index - 1] if index else ""
        yield FunnelStep(
            label=label,
            explained=explained,
            count=getattr(funnel.now, name),
            before=getattr(funnel.before, name),
            rate=_rate(funnel.now, name, earlier),
            rate_before=_rate(funnel.before, name, earlier),
            of_views=_rate(funnel.now, name, STEPS[0]) if index else None,
            link=orders if name == "paid" else "",
        )


def _rate(sums: FunnelSums, name: str, earlier: str) -> Decimal | None:
    whole = getattr(sums, earlier) if earlier else 0
    return Decimal(getattr(sums, name)) / whole if whole else None


def _csv_rows(funnel: Funnel) -> Iterator[list[object]]:
    yield [_("Date"), _("Product views"), _("New carts"), _("Checkouts begun"), _("Paid orders")]
    for day in funnel.days:
        yield [day.day, *(getattr(day, name) for name in STEPS)]
