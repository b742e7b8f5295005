"""Staff pages of vetting: whether we buy from a supplier, and what we saw of him."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.admin import ReasonForm, StaffAdmin, action
from suppliers.compliance import admin, vetting
from suppliers.models import Supplier

__all__ = ["VettingActions", "admin"]

Status = Supplier.Status


class VettingActions(StaffAdmin):
    """What staff decide about a supplier."""

    fits: ClassVar = {
        "begin_vetting": lambda row: row.status == Status.CANDIDATE,
        "activate": lambda row: row.status in {Status.VETTING, Status.PAUSED},
        "pause": lambda row: row.status == Status.ACTIVE,
        "block": lambda row: row.status in {Status.VETTING, Status.PAUSED},
    }
    refusals: ClassVar = (vetting.NotVettedError,)
    vetting_actions: ClassVar = [
        "scorecard",
        "begin_vetting",
        "activate",
        "pause",
        "block",
        "keep_back",
    ]

    @action(description=_("Scorecard"), icon="monitoring")
    def scorecard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supplier = self.row(request, object_id)
        return HttpResponseRedirect(reverse("scorecards:supplier", args=[supplier.code]))

    @action(description=_("Begin vetting"), icon="search")
    def begin_vetting(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, vetting.begin, gettext("Begin vetting"))

    @action(description=_("Activate"), icon="play_arrow")
    def activate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, vetting.activate, gettext("Activate"))

    @action(description=_("Pause"), icon="pause")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, vetting.pause, gettext("Pause"))

    @action(description=_("Block"), icon="block")
    def block(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, vetting.block, gettext("Block"))

    def _decide(
        self, request: HttpRequest, object_id: str, decide: Any, title: str
    ) -> HttpResponse:
        supplier = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> None:
            decide(
                supplier=supplier,
                actor=str(request.user),
                now=timezone.now(),
                reason=given["reason"],
            )

        return self.ask(
            request,
            supplier,
            title=title,
            explain=gettext("%(name)s is %(status)s now. Only an active supplier is bought from.")
            % {"name": supplier.name, "status": supplier.status},
            form_class=ReasonForm,
            act=act,
            done=gettext("%(name)s: the decision is written down.") % {"name": supplier.name},
        )
