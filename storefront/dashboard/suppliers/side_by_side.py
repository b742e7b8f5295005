"""Suppliers side by side: compare profile, offers, costs and scorecards of a few, also candidates."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from storefront.dashboard import staff_page
from storefront.dashboard.suppliers import metrics, side_by_side_queries
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff.columns import as_percent
from storefront.lib.staff.list_actions import csv_response
from suppliers.models import Scorecard, Supplier
from suppliers.models.scorecards import LESS_IS_BETTER
from suppliers.onboarding import dry_run

MAX_SUPPLIERS = 6
RIGHTS = ("suppliers.view_supplier", "suppliers.view_scorecard", VIEW_COSTS)
type Rank = tuple[bool, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one supplier has; ``rank`` sorts, the smallest is best, None: unknown."""

    text: str
    note: str = ""
    rank: Rank | None = None
    is_best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One row of the table, with a cell for each supplier."""

    code: str
    label: str
    explained: str | Promise
    better: str  # which value is better, in words; empty if none is
    cells: dict[int, Cell]

    def with_best_marked(self) -> "Criterion":
        """Mark the best cells, unless all are equal or only one is known."""
        ranks = [cell.rank for cell in self.cells.values() if cell.rank is not None]
        if len(ranks) < 2 or min(ranks) == max(ranks):  # noqa: PLR2004
            return self
        best = min(ranks)
        cells = {pk: replace(cell, is_best=cell.rank == best) for pk, cell in self.cells.items()}
        return replace(self, cells=cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A criterion with its cells in the order of the columns."""

    criterion: Criterion
    cells: list[Cell]


def show(request: HttpRequest) -> HttpResponse:
    """Compare the suppliers that ``supplier`` names, sorted by the criterion ``by``."""
    staff_page.require(request, *RIGHTS)
    now = timezone.now()
    everyone = list(Supplier.objects.select_related("connection").order_by("name"))
    codes = set(request.GET.getlist("supplier"))
    named = [supplier for supplier in everyone if supplier.code in codes]
    chosen = named[:MAX_SUPPLIERS]
    criteria = list(criteria_of(chosen, now=now)) if chosen else []
    by = request.GET.get("by", "")
    sorting = next((each for each in criteria if each.code == by), None)
    if sorting is not None:
        chosen.sort(key=lambda supplier: _place(sorting.cells[supplier.pk]))
    rows = [
        Row(criterion=each, cells=[each.cells[supplier.pk] for supplier in chosen])
        for each in criteria
    ]
    if "csv" in request.GET and chosen:
        return csv_response(_csv_rows(chosen, rows), "suppliers.csv")
    return staff_page.render(
        request,
        "dashboard/suppliers/side_by_side.html",
        title=_("Suppliers side by side"),
        everyone=[(supplier, supplier in chosen) for supplier in everyone],
        chosen=chosen,
        left_out=len(named) - len(chosen),
        most=MAX_SUPPLIERS,
        rows=rows,
        by=sorting.code if sorting else "",
    )


def _place(cell: Cell) -> tuple[bool, Rank]:
    """Return the sort key of a supplier; unknown values come last, equal ones stay in order."""
    return cell.rank is None, cell.rank or (False, Decimal(0))


def _csv_rows(chosen: Sequence[Supplier], rows: Iterable[Row]) -> Iterable[list[object]]:
    yield [_("Criterion"), *(supplier.name for supplier in chosen), _("Explanation")]
    for row in rows:
        texts = [f"{cell.text} ({cell.note})" if cell.note else cell.text for cell in row.cells]
        yield [row.criterion.label, *texts, row.criterion.explained]


def criteria_of(chosen: Sequence[Supplier], *, now: datetime) -> Iterable[Criterion]:
    """Yield the rows: profile, documents, dry run, offers and costs, then the scorecards."""
    yield from _profile(chosen)
    yield from _documents(chosen, now)
    yield from _dry_runs(chosen)
    yield from _offers(chosen, now)
    yield from _scorecards(chosen, now)


LESS, MORE = gettext_lazy("Lower is better."), gettext_lazy("Higher is better.")


def _criterion(  # noqa: PLR0913 - the parts of a row
    code: str,
    label: str | Promise,
    explained: str | Promise,
    chosen: Sequence[Supplier],
    cell: Callable[[Supplier], Cell],
    *,
    better: str | Promise = "",
) -> Criterion:
    cells = {supplier.pk: cell(supplier) for supplier in chosen}
    criterion = Criterion(
        code=code, label=str(label), explained=explained, better=str(better), cells=cells
    )
    return criterion.with_best_marked() if better else criterion


def _number(value: int | Decimal | None, *, less: bool, text: str = "", note: str = "") -> Cell:
    """Return a cell that sorts by a number."""
    if value is None:
        return Cell(text="–", note=note)
    rank = Decimal(value if less else -value)
    return Cell(text=text or str(value), note=note, rank=(False, rank))


def _profile(chosen: Sequence[Supplier]) -> Iterable[Criterion]:
    warehouses = side_by_side_queries.warehouses(chosen)
    yield _criterion(
        "status",
        _("Status"),
        gettext_lazy("Only active suppliers sell. Candidates are compared by what is known."),
        chosen,
        lambda supplier: Cell(text=supplier.get_status_display()),
    )
    yield _criterion(
        "currency",
        _("Cost currency"),
        gettext_lazy("The currency of its costs. Another one than ours adds an exchange risk."),
        chosen,
        lambda supplier: Cell(text=supplier.currency),
    )
    yield _criterion(
        "lead_days",
        _("Handling time (days)"),
        gettext_lazy("Days from our order to handover to the carrier, as agreed."),
        chosen,
        lambda supplier: _number(supplier.lead_days, less=True),
        better=LESS,
    )
    yield _criterion(
        "acknowledge_within_min",
        _("Order confirmation time limit (min)"),
        gettext_lazy("Within this time the supplier must confirm an order."),
        chosen,
        lambda supplier: _number(supplier.acknowledge_within_min, less=True),
        better=LESS,
    )
    yield _criterion(
        "warehouses",
        _("Warehouses"),
        gettext_lazy("Their countries. They decide transit times and customs duty."),
        chosen,
        lambda supplier: Cell(text=", ".join(warehouses.get(supplier.pk, [])) or "–"),
    )


def _documents(chosen: Sequence[Supplier], now: datetime) -> Iterable[Criterion]:
    missing = side_by_side_queries.missing_documents(chosen, today=now.date())
    required = len(settings.VETTING_REQUIRED)
    yield _criterion(
        "documents",
        _("Required documents"),
        gettext_lazy("Verified documents of those that a supplier needs to become active."),
        chosen,
        lambda supplier: _number(
            required - len(missing[supplier.pk]),
            less=False,
            text=_("%(valid)d of %(required)d")
            % {"valid": required - len(missing[supplier.pk]), "required": required},
            note=_("missing: %(names)s") % {"names": ", ".join(missing[supplier.pk])}
            if missing[supplier.pk]
            else "",
        ),
        better=MORE,
    )


def _dry_runs(chosen: Sequence[Supplier]) -> Iterable[Criterion]:
    """Yield what the dry run of the setup found, for suppliers that have one."""
    reports = {
        supplier.pk: dry_run.last_report(getattr(supplier, "connection", None))
        for supplier in chosen
    }
    if not any("importable" in report for report in reports.values()):
        return
    yield _criterion(
        "dry_run",
        _("Importable products in the dry run"),
        gettext_lazy("Of the first products of its list, those that a sync would import."),
        chosen,
        lambda supplier: _number(
            reports[supplier.pk].get("importable"),
            less=False,
            text=_("%(importable)s of %(products)s")
            % {name: reports[supplier.pk].get(name, 0) for name in ("importable", "products")},
        ),
        better=MORE,
    )


def _offers(chosen: Sequence[Supplier], now: datetime) -> Iterable[Criterion]:
    found = side_by_side_queries.offers(chosen, now=now)
    none = side_by_side_queries.NO_OFFERS

    def of(supplier: Supplier) -> side_by_side_queries.OfferSums:
        return found.get(supplier.pk, none)

    yield _criterion(
        "offers",
        _("Offers"),
        gettext_lazy("Active offers in its list."),
        chosen,
        lambda supplier: _number(of(supplier).offers, less=False),
        better=MORE,
    )
    yield _criterion(
        "linked",
        _("Offers of our products"),
        gettext_lazy("Active offers with a cost that are matched to a variant of our catalog."),
        chosen,
        lambda supplier: _number(of(supplier).linked, less=False),
        better=MORE,
    )
    yield _criterion(
        "shared",
        _("Variants to compare"),
        gettext_lazy("Variants that it and another of these suppliers offer."),
        chosen,
        lambda supplier: _number(of(supplier).shared, less=False),
    )
    yield _criterion(
        "cheapest",
        _("Lowest cost"),
        gettext_lazy(
            "For how many of the variants to compare its cost is the lowest, by today's exchange"
            " rates, without freight and duty."
        ),
        chosen,
        lambda supplier: _share(of(supplier).cheapest, of(supplier).shared),
        better=MORE,
    )
    yield _criterion(
        "cost_above",
        _("Cost above the lowest"),
        gettext_lazy("Median over the variants to compare: how much more than the lowest it asks."),
        chosen,
        lambda supplier: _percent_above(of(supplier).median_ratio),
        better=LESS,
    )


def _share(part: int, whole: int) -> Cell:
    if not whole:
        return _number(None, less=False)
    share = Decimal(part) / whole
    return _number(share, less=False, text=f"{100 * share:.0f} %", note=f"{part}/{whole}")


def _percent_above(ratio: Decimal | None) -> Cell:
    if ratio is None:
        return _number(None, less=True)
    above = ratio - 1
    return _number(above, less=True, text=as_percent(above))


def _scorecards(chosen: Sequence[Supplier], now: datetime) -> Iterable[Criterion]:
    cards = list(metrics.latest_cards(now=now, supplier__in=chosen))
    for measure in Scorecard.Measure:
        known = [card for card in cards if card.measure == measure]
        ranked = metrics.rank(suppliers=chosen, cards=known, measure=measure)
        ranks = {row.supplier.pk: row for row in ranked}
        yield _criterion(
            measure.value,
            measure.label,
            metrics.EXPLANATIONS[measure],
            chosen,
            lambda supplier, ranks=ranks, measure=measure: _card_cell(  # type: ignore[misc]
                ranks[supplier.pk], measure
            ),
            better=LESS if measure in LESS_IS_BETTER else MORE,
        )


def _card_cell(row: metrics.SupplierRank, measure: str) -> Cell:
    """Return a value with its sample; it sorts by the confidence bound, as the ranking does."""
    if row.card is None:
        return Cell(text="–", note=_("No data"))
    sample = ngettext("%(count)d observation", "%(count)d observations", row.card.sample) % {
        "count": row.card.sample
    }
    value = row.card.value if row.bound is None else row.bound
    return Cell(
        text=metrics.format_value(row.card.value, measure),
        note=sample if row.bound is not None else f"{sample}, {_('sample too small')}",
        rank=(row.bound is None, value if measure in LESS_IS_BETTER else -value),
    )
