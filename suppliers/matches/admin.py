"""Match admin: show decisions, brand merges and likely duplicates."""

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import register_read_only
from suppliers.models import BrandMerge, DuplicateCandidate, MatchDecision

register_read_only(
    MatchDecision,
    list_display=[
        columns.link("variant", _("Variant")),
        "kind",
        columns.link("offer", _("Offer"), text="offer__supplier_sku"),
        columns.link("other", _("Other variant")),
        "answer",
        "actor",
        columns.age("at", _("When")),
        columns.age("undone_at", _("Undone at")),
    ],
    list_display_links=None,
    list_select_related=["variant", "offer", "other"],
    list_filter=["kind", "answer"],
    search_fields=["variant__sku", "offer__supplier_sku", "other__sku", "actor"],
    ordering=["-id"],
)


register_read_only(
    DuplicateCandidate,
    list_display=[
        columns.link("variant", _("Variant")),
        columns.link("other", _("Other variant")),
        columns.text("evidence", _("Evidence")),
        columns.text("contradictions", _("Differences")),
        "confidence",
        columns.age("found_at", _("Found")),
    ],
    list_display_links=None,
    list_select_related=["variant", "other"],
    search_fields=["variant__sku", "other__sku"],
    ordering=["-confidence", "id"],
)


register_read_only(
    BrandMerge,
    list_display=[
        columns.link("brand", _("Brand")),
        columns.link("other", _("Merged brand")),
        "actor",
        columns.age("at", _("When")),
        columns.age("undone_at", _("Undone at")),
    ],
    list_display_links=None,
    list_select_related=["brand", "other"],
    search_fields=["brand__name", "other__name", "actor"],
    ordering=["-id"],
)
