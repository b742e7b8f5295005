"""Supplier scorecards: compare all suppliers by one metric, show one supplier over 90 days."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext

from storefront.dashboard import staff_page
from storefront.dashboard.suppliers import compliance, metrics
from storefront.lib.line_charts import MetricPoint, TrendChart, trend_chart
from storefront.lib.security.cost_rights import VIEW_COSTS
from suppliers.inventory import safety_stock
from suppliers.models import Scorecard, Supplier
from suppliers.models.scorecards import LESS_IS_BETTER

Measure = Scorecard.Measure
SHOWN_OVER = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricHistory:
    """One metric of one supplier, for the chart and its table."""

    measure: str
    label: str
    explained: str | Promise
    is_less_better: bool
    latest: Scorecard | None
    days: list[Scorecard]
    trend: TrendChart | None


def compare(request: HttpRequest) -> HttpResponse:
    """Rank all suppliers by the metric that ``by`` names."""
    staff_page.require(request, "suppliers.view_scorecard")
    requested = request.GET.get("by", "")
    measure = Measure(requested) if requested in Measure.values else Measure.FILL_RATE
    ranked = metrics.rank(
        suppliers=Supplier.objects.exclude(status=Supplier.Status.BLOCKED),
        cards=metrics.latest_cards(now=timezone.now(), measure=measure),
        measure=measure,
    )
    return staff_page.render(
        request,
        "dashboard/suppliers/compare.html",
        title=gettext("Compare suppliers"),
        measure=measure,
        explained=metrics.EXPLANATIONS[measure],
        is_less_better=measure in LESS_IS_BETTER,
        measures=[(metric.value, metric.label) for metric in Measure],
        ranked=ranked,
        may_compare=request.user.has_perm(VIEW_COSTS),
    )


def supplier(request: HttpRequest, code: str) -> HttpResponse:
    """Show one supplier: its compliance documents, metrics, and the suggested safety stock."""
    staff_page.require(request, "suppliers.view_scorecard")
    row = get_object_or_404(Supplier, code=code)
    now = timezone.now()
    may_judge = request.user.has_perm("suppliers.view_compliancedocument")
    return staff_page.render(
        request,
        "dashboard/suppliers/scorecard.html",
        title=row.name,
        supplier=row,
        requirements=compliance.criteria_of(row, now=now) if may_judge else None,
        withheld=compliance.withheld_offers(row) if may_judge else None,
        suggestion=safety_stock.suggest(supplier=row, now=now),
        may_decide=request.user.has_perm("suppliers.change_supplier"),
        histories=metric_histories(row, now=now),
    )


def metric_histories(row: Supplier, *, now: datetime) -> list[MetricHistory]:
    """Return each metric over 90 days, also those without data."""
    cards = defaultdict(list)
    recent = row.scorecards.filter(on__gte=(now - SHOWN_OVER).date()).order_by("-on")
    for card in recent:
        cards[card.measure].append(card)
    return [_metric_history(measure, cards[measure]) for measure in Measure]


def _metric_history(measure: Measure, cards: list[Scorecard]) -> MetricHistory:
    points = [MetricPoint(on=c.on, value=c.value, low=c.low, high=c.high) for c in cards]
    return MetricHistory(
        measure=measure,
        label=str(measure.label),
        explained=metrics.EXPLANATIONS[measure],
        is_less_better=measure in LESS_IS_BETTER,
        latest=cards[0] if cards else None,
        days=cards,
        trend=trend_chart(points, is_rate=metrics.is_rate(measure)),
    )
