"""Staff page of the trace that every moved status leaves."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib import columns
from storefront.lib.models import StatusChange
from storefront.lib.staff import show

show(
    StatusChange,
    list_display=[
        "subject",
        "subject_id",
        "axis",
        columns.state("from_status", _("From")),
        columns.state("to_status", _("To")),
        columns.age("at", _("When")),
        "actor",
        "reason",
    ],
    list_filter=["subject", "axis", "to_status"],
    search_fields=["=subject_id", "actor", "reason"],
    ordering=["-id"],
)
