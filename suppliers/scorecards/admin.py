"""Scorecard admin: show observations, measures and latencies of suppliers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import show
from suppliers.models import AnswerTally, Scorecard, ScorecardFact

show(
    ScorecardFact,
    list_display=[
        "kind",
        columns.text("supplier__name", _("Supplier")),
        "subject",
        "value",
        columns.age("happened_at", _("When")),
    ],
    list_select_related=["supplier"],
    list_filter=["kind", "supplier"],
    search_fields=["subject"],
    ordering=["-id"],
)


show(
    Scorecard,
    list_display=[
        "measure",
        columns.text("supplier__name", _("Supplier")),
        "on",
        "sample",
        "value",
        "low",
        "high",
    ],
    list_select_related=["supplier"],
    list_filter=["measure", "supplier"],
    ordering=["-on", "measure", "supplier"],
)


show(
    AnswerTally,
    list_display=["on", columns.text("supplier__name", _("Supplier")), "ceiling_ms", "count"],
    list_select_related=["supplier"],
    list_filter=["supplier"],
    ordering=["-on", "supplier", "ceiling_ms"],
)
