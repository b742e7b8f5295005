"""Dashboard admin: show what staff did with inbox rows, invariants, default groups, figures."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.alerts import admin  # noqa: F401 - registers its pages
from storefront.dashboard.inbox.settling import admin as settling_admin  # noqa: F401 - registers its pages
from storefront.dashboard.models import (
    DailyFigures,
    DailyVisits,
    DefaultGroup,
    EmptySearch,
    HandledOrder,
    InboxAssignment,
    InboxCase,
    InboxNote,
    InboxSnooze,
    InvariantCheckRun,
    InvariantViolation,
    OrderFigures,
    PendingFigures,
)
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import register_read_only

register_read_only(
    InboxAssignment,
    list_display=["cause", "row", "by", columns.age("at", _("Assigned"))],
    list_filter=["by"],
)
register_read_only(
    InboxSnooze,
    list_display=["cause", "row", "until", "by", columns.age("at", _("Snoozed"))],
    list_filter=["by"],
)
register_read_only(
    InboxNote,
    list_display=["cause", "row", "text", "by", columns.age("at", _("Written"))],
    list_filter=["by"],
)
register_read_only(
    InboxCase,
    list_display=[
        *("cause", "row", "opened_at", columns.age("settled_at", _("Settled")), "settled_by"),
    ],
    list_filter=["settled_by"],
)
register_read_only(
    HandledOrder,
    list_display=["order", columns.age("at", _("Last action"))],
    list_select_related=["order"],
)
register_read_only(
    InvariantViolation,
    list_display=["code", "sentence", "count", columns.age("since", _("Since"))],
    search_fields=["code"],
    ordering=["since"],
    exclude=["rows"],
    readonly_fields=[columns.document("rows", _("First violations"))],
)
register_read_only(InvariantCheckRun, list_display=["at", "newest_unpublished_supply"])
register_read_only(DefaultGroup, list_display=["name", columns.text("group__name", _("Group"))])

MONEY = "orders.view_payment"
RIGHTS = {"profit": VIEW_COSTS, "supplier": VIEW_COSTS, "revenue": MONEY, "refunds": MONEY}
register_read_only(
    DailyFigures,
    list_display=["day", "channel", "currency", "supplier", "orders", "revenue", "profit"],
    list_select_related=["channel", "supplier"],
    list_filter=["day", "channel"],
    rights=RIGHTS,
)
register_read_only(
    OrderFigures,
    list_display=["order", "day", "channel", "supplier", "units", "revenue", "profit"],
    list_select_related=["order", "channel", "supplier"],
    list_filter=["day", "channel"],
    rights=RIGHTS,
)
register_read_only(PendingFigures, list_display=["order_id"])
register_read_only(
    DailyVisits,
    list_display=["day", "channel", "views", "carts", "checkouts"],
    list_select_related=["channel"],
    list_filter=["day", "channel"],
)
register_read_only(
    EmptySearch,
    list_display=["text", "day", "channel", "count"],
    list_select_related=["channel"],
    list_filter=["day", "channel"],
)
