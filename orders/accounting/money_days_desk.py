"""Staff pages of the days whose money is compared, and of what was seen on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.accounting import closing, tasks
from orders.accounting.reconciliation_admin import EXPECTED, FOUND, JOINED
from orders.models import MoneyDay, MoneySighting
from storefront.lib.staff import columns
from storefront.lib.staff.admin import ReasonForm, StaffAdmin, action, show, start
from storefront.lib.staff.inlines import inline


@admin.register(MoneyDay)
class MoneyDayAdmin(StaffAdmin):
    when_empty = _("The first day is compared once it is over.")
    list_display: ClassVar = [
        "day",
        columns.state(
            "status",
            _("State"),
            calls={"open"},
            waits={"running"},
            ended={"reconciled", "given_up"},
        ),
        "problem",
        "tries",
        columns.age("reconciled_at", _("Reconciled")),
    ]
    list_filter: ClassVar = ["status", "day"]
    ordering: ClassVar = ["-starts_at"]
    fields: ClassVar = [
        "day",
        "status",
        "problem",
        "tries",
        columns.age("reconciled_at", _("Reconciled")),
        columns.pairs("counts", _("So many were compared")),
        "starts_at",
        "ends_at",
        columns.moves,
    ]
    readonly_fields: ClassVar = fields
    inlines: ClassVar = [
        inline(
            MoneySighting,
            columns.link("difference", _("Difference")),
            EXPECTED,
            FOUND,
            "seen_at",
            tab=False,
            related=tuple(f"difference__{name}" for name in JOINED),
            ordering=["id"],
        )
    ]
    actions_detail: ClassVar = ["compare", "give_up"]
    fits: ClassVar = {"give_up": lambda day: day.status == MoneyDay.Status.OPEN}

    @action(description=_("Compare it now"), icon="sync")
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        day = self.row(request, object_id)
        return self.ask(
            request,
            day,
            title=gettext("Compare it now"),
            explain=gettext(
                "A worker asks the gateways and the suppliers again. What it finds twice is one"
                " difference."
            ),
            act=lambda _given: start(tasks.reconcile_day, day_id=day.pk),
            done=gettext("A worker compares %s: look again in a minute.") % day,
        )

    @action(description=_("Close the day without it"), icon="event_busy")
    def give_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        day = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> None:
            closing.give_up(
                day=day, reason=given["reason"], actor=str(request.user), now=timezone.now()
            )

        return self.ask(
            request,
            day,
            title=gettext("Close the day without it"),
            explain=gettext(
                "Only if nobody will ever tell: %(problem)s The day is not tried again by itself."
            )
            % {"problem": day.problem},
            form_class=ReasonForm,
            act=act,
            done=gettext("%s is closed without having been reconciled.") % day,
        )


show(
    MoneySighting,
    list_display=[
        columns.link("day", _("Day")),
        columns.link("difference", _("Difference")),
        EXPECTED,
        FOUND,
        "seen_at",
    ],
    list_display_links=["seen_at"],
    list_select_related=["day", *(f"difference__{name}" for name in JOINED)],
    list_filter=["day__day"],
    search_fields=["difference__reference"],
    ordering=["-id"],
)
