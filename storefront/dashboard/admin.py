"""Staff page of who has taken what."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.column_words import COLUMNS, TABLES
from storefront.dashboard.models import Taken
from storefront.lib import columns, naming
from storefront.lib.staff import show

show(
    Taken,
    list_display=["cause", "row", "by", columns.age("at", _("Taken"))],
    list_filter=["by"],
    ordering=["-id"],
)

naming.call("dashboard", tables=TABLES, columns=COLUMNS)
