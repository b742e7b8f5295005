"""Scorecard admin: show observations, measures and latencies of suppliers."""

from django.utils.translation import gettext_lazy as _

from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.staff import columns
from storefront.lib.staff.admin import register_read_only
from suppliers.models import LatencyBucket, Scorecard, ScorecardFact

register_read_only(
    ScorecardFact,
    LargeTable,
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
    search_prefixes=["purchase_order:"],
    ordering=["-id"],
)


register_read_only(
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


register_read_only(
    LatencyBucket,
    list_display=["on", columns.text("supplier__name", _("Supplier")), "le_ms", "count"],
    list_select_related=["supplier"],
    list_filter=["supplier"],
    ordering=["-on", "supplier", "le_ms"],
)
