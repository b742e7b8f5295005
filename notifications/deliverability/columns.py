"""Deliverability columns: show staff whether an address can be reached, link to the reasons."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications.deliverability import suppressions
from notifications.models import Suppression
from storefront.lib.staff import columns


def reachability(path: str) -> Callable[[Any], str]:
    """Return a column that says whether the address at ``path`` gets e-mails, and since when not."""

    @admin.display(description=_("E-mail delivery"))
    def column(row: Any) -> str:
        address = str(columns.follow(row, path) or "")
        found = suppressions.find_active(address)
        if not found:
            return gettext("No problem known")
        page = reverse("admin:notifications_suppression_changelist")
        link = f"{page}?{urlencode({'q': address})}"
        lines = format_html_join("", "{}<br>", ((_line(each),) for each in found))
        return format_html('{}<a href="{}">{}</a>', lines, link, gettext("Suppressed addresses"))

    return column


def _line(found: Suppression) -> str:
    since = date_format(timezone.localtime(found.since), "DATE_FORMAT")
    what = (
        gettext("Cannot be reached")
        if found.reason in suppressions.UNREACHABLE
        else gettext("Gets only messages that an order needs")
    )
    reason = found.get_reason_display()
    return gettext("%(what)s since %(day)s: %(reason)s") % {
        "what": what,
        "day": since,
        "reason": reason,
    }
