"""Price comparison: show the breakdowns of an old and a new price side by side."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from catalog.models import PriceChange, PriceHold
from catalog.pricing import labels
from catalog.pricing.breakdown import Step
from storefront.lib.money import Money
from storefront.lib.staff import columns

STEP_ORDER = {
    code: place for place, code in enumerate(("supplier", "origins", *labels.STEP_LABELS))
}


def compare_hold(hold: PriceHold) -> str:
    """Return an HTML table that compares a held price with the last price before the decision."""
    before = PriceChange.objects.filter(listing=hold.listing_id)
    if hold.status != PriceHold.Status.OPEN:
        before = before.filter(at__lt=hold.status_since)
    return _table(_last_breakdown(before), hold.breakdown, currency=hold.listing.channel.currency)


def compare_change(change: PriceChange) -> str:
    """Return an HTML table that compares a price with the one it replaced."""
    before = PriceChange.objects.filter(listing=change.listing_id, pk__lt=change.pk)
    return _table(
        _last_breakdown(before), change.breakdown, currency=change.listing.channel.currency
    )


def _last_breakdown(changes: QuerySet[PriceChange]) -> Mapping[str, Any]:
    priced = changes.filter(amount__isnull=False).order_by("-at", "-pk")
    return priced.values_list("breakdown", flat=True).first() or {}


def _table(old: Mapping[str, Any], new: Mapping[str, Any], *, currency: str) -> str:
    before, after = dict(_cells(old, currency)), dict(_cells(new, currency))
    extra_labels = {"supplier": _("Supplier"), "origins": _("Ships from")}
    rows = format_html_join(
        "",
        "<tr><th scope=row>{}</th><td>{}</td><td>{}</td></tr>",
        (
            (
                extra_labels.get(code) or labels.step_label(code),
                before.get(code, "–"),
                after.get(code, "–"),
            )
            for code in sorted(
                {*before, *after}, key=lambda code: STEP_ORDER.get(code, len(STEP_ORDER))
            )
        ),
    )
    return format_html(
        '<div class="today-scroll"><table class="staff-pairs staff-amounts"><thead><tr><td></td>'
        "<th scope=col>{}</th><th scope=col>{}</th></tr></thead>{}</table></div>",
        _("Old"),
        _("New"),
        rows,
    )


def _cells(breakdown: Mapping[str, Any], currency: str) -> Iterator[tuple[str, str]]:
    """Yield code and cell text of each price step; ``blocked_…`` steps get the code ``price``."""
    if breakdown.get("supplier"):
        yield "supplier", breakdown["supplier"]
    if breakdown.get("origins"):
        yield "origins", ", ".join(breakdown["origins"])
    for code, amount, note in breakdown.get("steps", ()):
        if code == "current_price":  # the price before that calculation, not one of its steps
            continue
        money = amount and columns.as_money(Money(Decimal(amount), currency))
        note_text = labels.step_note(Step(code=code, note=note))
        cell = " · ".join(filter(None, [note_text, money])) or "✓"
        yield "price" if code.startswith("blocked_") else code, cell
