"""Page Inbox statistics: show cases by week and by cause, with a chart, and export them as CSV."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from storefront.dashboard import staff_page
from storefront.dashboard.inbox import query
from storefront.dashboard.inbox.history import statistics
from storefront.dashboard.inbox.history.statistics import CaseCounts, Statistics
from storefront.dashboard.inbox.rule import InboxRule
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.lib.clock import midnight
from storefront.lib.line_charts import StepChart, step_chart
from storefront.lib.staff.list_actions import csv_response

VIEW = "dashboard.view_inboxcase"
DEFAULT_WEEKS = "12"


class StatisticsForm(forms.Form):
    """Form for the number of weeks and one cause; ``causes`` are those the user may see."""

    weeks = forms.ChoiceField(
        label=gettext_lazy("Period"),
        choices=[
            ("4", gettext_lazy("4 weeks")),
            ("12", gettext_lazy("12 weeks")),
            ("26", gettext_lazy("26 weeks")),
            ("52", gettext_lazy("52 weeks")),
        ],
    )
    cause = forms.ChoiceField(label=gettext_lazy("Issue"), required=False)

    def __init__(self, *args: object, causes: tuple[InboxRule, ...]) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        named = sorted((str(cause.sentence), cause.code) for cause in causes)
        field: forms.ChoiceField = self.fields["cause"]  # type: ignore[assignment]
        field.choices = [("", _("All issues")), *((code, name) for name, code in named)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    cause: InboxRule
    counts: CaseCounts


def show(request: HttpRequest) -> HttpResponse:
    """Show the statistics, or their weeks and causes as CSV."""
    staff_page.require(request, VIEW)
    causes = query.rules_for(request.user)
    if not causes:
        raise PermissionDenied(RULES[0].right("view"))
    now = timezone.now()
    form = StatisticsForm({"weeks": DEFAULT_WEEKS, **request.GET.dict()}, causes=causes)
    is_valid = form.is_valid()
    weeks = int(form.cleaned_data["weeks"] if is_valid else DEFAULT_WEEKS)
    chosen = form.cleaned_data.get("cause") if is_valid else ""
    shown = tuple(cause for cause in causes if not chosen or cause.code == chosen)
    found = statistics.load(causes=[cause.code for cause in shown], weeks=weeks, now=now)
    if "csv" in request.GET:
        return csv_response(_csv_rows(found, shown), "inbox.csv")
    rows = [
        CauseRow(cause=cause, counts=found.by_cause[cause.code])
        for cause in shown
        if cause.code in found.by_cause
    ]
    rows.sort(key=lambda row: (-row.counts.opened, str(row.cause.sentence)))
    return staff_page.render(
        request,
        "dashboard/inbox/statistics.html",
        title=_("Inbox statistics"),
        form=form,
        weeks=found.weeks[::-1],
        causes=rows,
        chart=_chart(found, now=now) if rows else None,
        sees_orders=request.user.has_perm("orders.view_order"),
    )


def _chart(found: Statistics, *, now: datetime) -> StepChart | None:
    """Draw each week as a step: opened cases, and settled ones dashed."""
    opened = [(midnight(week.monday), Decimal(week.cases.opened)) for week in found.weeks]
    settled = [(midnight(week.monday), Decimal(week.cases.settled)) for week in found.weeks]
    return step_chart([list(opened), list(settled)], until=now)


def _csv_rows(found: Statistics, causes: tuple[InboxRule, ...]) -> Iterator[list[object]]:
    """Yield a head, then a row for each week and cause with cases."""
    yield [
        *(_("Week from"), _("Issue"), _("Opened"), _("Settled by hand"), _("Settled by a rule")),
        *(_("Settled by itself"), _("Median time to settle, seconds")),
    ]
    for week in found.weeks:
        for cause in causes:
            if counts := found.cells.get((week.monday, cause.code)):
                median = "" if counts.median_s is None else counts.median_s
                yield [
                    *(week.monday, cause.sentence, counts.opened),
                    *(counts.by_staff, counts.by_rule, counts.by_itself, median),
                ]
