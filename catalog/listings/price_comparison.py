"""Price comparison: show the breakdowns of an old and a new price side by side."""

from __future__ import annotations

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

PLACE = {code: place for place, code in enumerate(("supplier", "origins", *labels.WORDS))}


def of_hold(hold: PriceHold) -> str:
    """Compare the proposed price with the one published when the guard stopped it."""
    before = PriceChange.objects.filter(listing=hold.listing_id)
    if hold.status != PriceHold.Status.OPEN:
        before = before.filter(at__lt=hold.status_since)
    return _table(_newest(before), hold.made_of, currency=hold.listing.channel.currency)


def of_change(change: PriceChange) -> str:
    """Compare a price with the one it replaced."""
    before = PriceChange.objects.filter(listing=change.listing_id, pk__lt=change.pk)
    return _table(_newest(before), change.made_of, currency=change.listing.channel.currency)


def _newest(changes: QuerySet[PriceChange]) -> Mapping[str, Any]:
    asked = changes.filter(amount__isnull=False).order_by("-at", "-pk")
    return asked.values_list("made_of", flat=True).first() or {}


def _table(old: Mapping[str, Any], new: Mapping[str, Any], *, currency: str) -> str:
    before, after = dict(_cells(old, currency)), dict(_cells(new, currency))
    words = {"supplier": _("Supplier"), "origins": _("Ships from")}
    rows = format_html_join(
        "",
        "<tr><th scope=row>{}</th><td>{}</td><td>{}</td></tr>",
        (
            (words.get(code) or labels.words(code), before.get(code, "–"), after.get(code, "–"))
            for code in sorted({*before, *after}, key=lambda code: PLACE.get(code, len(PLACE)))
        ),
    )
    return format_html(
        '<div class="today-scroll"><table class="staff-pairs"><thead><tr><td></td>'
        "<th scope=col>{}</th><th scope=col>{}</th></tr></thead>{}</table></div>",
        _("Old"),
        _("New"),
        rows,
    )


def _cells(made_of: Mapping[str, Any], currency: str) -> Iterator[tuple[str, str]]:
    """Yield the cells of one price by step code; a stopped price counts as the price."""
    if made_of.get("supplier"):
        yield "supplier", made_of["supplier"]
    if made_of.get("origins"):
        yield "origins", ", ".join(made_of["origins"])
    for code, amount, note in made_of.get("steps", ()):
        if code == "present":  # in an old breakdown this is the price before it
            continue
        money = amount and columns.as_money(Money(Decimal(amount), currency))
        said = labels.note(Step(code=code, note=note))
        told = " · ".join(filter(None, [said, money])) or "✓"
        yield "price" if code.startswith("stop_") else code, told
