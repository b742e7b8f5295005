"""Staff page of the requests that programs may repeat."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from storefront.api.models import IdempotencyRecord
from storefront.lib import columns
from storefront.lib.staff import show

show(
    IdempotencyRecord,
    list_display=[
        "key",
        "route",
        "status_code",
        columns.age("started_at", _("Started")),
        columns.age("done_at", _("Answered")),
    ],
    list_filter=["route", ("done_at", admin.EmptyFieldListFilter)],
    search_fields=["key"],
    ordering=["-id"],
    # Who asked is a secret's digest, and an answer may hold a link that opens an order.
    exclude=["principal", "response"],
)
