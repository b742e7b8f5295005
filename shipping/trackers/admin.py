"""Tracker admin: show the health of the tracking provider, and the parcels registered there."""

from typing import ClassVar

from django.conf import settings
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shipping.models import TrackingProvider, TrackingRegistration
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, register_read_only


@admin.display(description=_("Responding"))
def provider_health(row: TrackingProvider) -> str:
    if not settings.SEVENTEEN_TRACK_KEY:
        return columns.as_status(gettext("not configured"), waiting=True)
    if row.problem:
        return columns.as_status(gettext("no"), needs_action=True)
    return columns.as_status(gettext("yes"), final=True)


@admin.register(TrackingProvider)
class TrackingProviderAdmin(StaffAdmin):
    list_display: ClassVar = [
        "code",
        provider_health,
        columns.age("answered_at", _("Last answer")),
        columns.age("webhook_at", _("Last webhook")),
        "calls_on",
        "calls",
        "problem",
        columns.age("problem_since", _("Problem since")),
    ]
    readonly_fields: ClassVar = [provider_health]
    empty_text = _(
        "No calls yet. The provider tracks parcels whose suppliers send no events. Without its key"
        " (SEVENTEEN_TRACK_KEY) these parcels are not tracked."
    )


register_read_only(
    TrackingRegistration,
    list_display=[
        columns.link("parcel", _("Parcel")),
        "number",
        columns.age("registered_at", _("Registered")),
        columns.age("polled_at", _("Last poll")),
        columns.age("changed_at", _("Last update")),
        columns.age("due_at", _("Next call")),
        "carrier_name",
        "problem",
    ],
    list_select_related=["parcel"],
    search_fields=["number"],
    ordering=["-id"],
)
