"""Staff pages of vetting: whether we buy from a supplier, and what we saw of him."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from storefront.lib import columns
from storefront.lib.staff import ReasonForm, StaffAdmin, action, show
from suppliers import buffering, evidence_desk, scoring, vetting
from suppliers.models import AnswerTally, Scorecard, ScorecardFact, Supplier

__all__ = ["VettingActions", "evidence_desk"]

Status = Supplier.Status
KEEP_BACK_AT_MOST = 1_000


class BufferForm(forms.Form):
    """How many units to keep back."""

    units = forms.IntegerField(
        label=_("Units of each stock row that are never promised"),
        min_value=0,
        max_value=KEEP_BACK_AT_MOST,
        widget=UnfoldAdminIntegerFieldWidget,
    )


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

    @action(description=_("Keep units back"), icon="inventory_2")
    def keep_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supplier = self.row(request, object_id)
        found = buffering.suggest(supplier=supplier, now=timezone.now())
        words = gettext("In 90 days %(refused)d of %(promised)d promised lines were refused.") % {
            "refused": found.refused,
            "promised": found.promised,
        }
        if found.units is None:
            words += " " + gettext("From fewer than %(few)d promises nothing is concluded.") % {
                "few": scoring.FEWEST_PROMISES
            }
        else:
            words += " " + gettext("Suggested: %(units)d.") % {"units": found.units}

        def act(given: Mapping[str, Any]) -> None:
            buffering.take_over(
                supplier=supplier,
                units=given["units"],
                actor=str(request.user),
                now=timezone.now(),
            )

        return self.ask(
            request,
            supplier,
            title=gettext("Keep units back"),
            explain=words,
            form_class=BufferForm,
            initial={"units": supplier.buffer if found.units is None else found.units},
            act=act,
            done=gettext("The next stock run keeps so many units back."),
        )


show(
    ScorecardFact,
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
    ordering=["-id"],
)
show(
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
show(
    AnswerTally,
    list_display=["on", columns.text("supplier__name", _("Supplier")), "ceiling_ms", "count"],
    list_select_related=["supplier"],
    list_filter=["supplier"],
    ordering=["-on", "supplier", "ceiling_ms"],
)
