"""Staff pages of the runs: what came of each, and what to do about those nobody believes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import ReasonForm, action, show
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.inlines import inline
from suppliers.models import FeedChange, FeedIssue, FeedRun
from suppliers.quarantine import review, rollback
from suppliers.quarantine.admin import ChangesDesk, Page
from suppliers.quarantine.run_words import COUNTS, DECIDED, PLUMBING, PROFILE, RUN

Status = FeedRun.Status


def _waits(run: FeedRun) -> bool:
    return run.status == Status.QUARANTINED


def _has_changes(run: FeedRun) -> bool:
    return _waits(run) or (bool(run.decided_by) and run.status != Status.DISCARDED)


def _can_go_back(run: FeedRun) -> bool:
    return run.status == Status.APPLIED and run.kind != FeedRun.Kind.PRODUCTS


STATE = columns.state(
    "status",
    _("State"),
    calls={"quarantined", "failed"},
    waits={"fetched", "parsed", "staged"},
    ended={"applied", "discarded", "rolled_back"},
)
NUMBER = columns.text("pk", _("Number of the run"))
CALLS = columns.pairs("calls", _("Calls to the supplier"))
POINTS = columns.pairs("points", _("What it used of his budgets"))
JUDGED_BY = columns.pairs("profile", _("What later runs are judged against"), words=PROFILE)


@admin.register(FeedRun)
class FeedRunAdmin(ChangesDesk):
    when_empty: ClassVar = _(
        "No supplier was read yet: open the page of a supplier and synchronize now."
    )
    list_display: ClassVar = [
        "id",
        columns.text("supplier__name", _("Supplier")),
        "kind",
        STATE,
        columns.age("started_at", _("Started")),
        "read",
        "created",
        "updated",
        "unchanged",
        "gone",
        "rejected",
        "problem",
    ]
    list_select_related: ClassVar = ["supplier"]
    list_filter: ClassVar = ["status", "kind", "supplier"]
    search_fields: ClassVar = ["problem"]
    ordering: ClassVar = ["-id"]
    exclude: ClassVar = ["status", "profile", "calls", "points"]
    readonly_fields: ClassVar = [STATE, NUMBER, CALLS, POINTS, JUDGED_BY, columns.moves]
    groups = (
        Group(_("What came of it"), RUN, columns=[STATE]),
        Group(_("How many rows"), COUNTS),
        Group(_("Who decided"), DECIDED, columns=[columns.moves]),
        Group(_("What it asked and found"), columns=[CALLS, POINTS, JUDGED_BY]),
        Group(_("How it was run"), PLUMBING, columns=[NUMBER]),
    )
    actions_detail: ClassVar = ["changes", "apply", "discard", "roll_back"]
    fits: ClassVar = {
        "changes": _has_changes,
        "apply": _waits,
        "discard": _waits,
        "roll_back": _can_go_back,
    }
    refusals: ClassVar = (review.NothingChosenError, rollback.NotReversibleError)
    inlines: ClassVar = [
        inline(FeedIssue, "row", "severity", "code", "message", tab=False, fk_name="last_run")
    ]

    @action(description=_("Look at the changes"), icon="difference")
    def changes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return Page(self, request, self.row(request, object_id)).answer()

    @action(description=_("Apply it"), icon="check")
    def apply(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = self.row(request, object_id)
        count = FeedChange.objects.filter(run=run).count()
        return self.ask(
            request,
            run,
            title=gettext("Apply it"),
            explain=gettext(
                "%(problem)s All %(count)d changes that were kept are applied, where the value is"
                " still what the run found. Later feeds are judged against this one."
            )
            % {"problem": run.problem, "count": count},
            act=lambda _given: self._apply(request, run),
            done=gettext("Applied."),
        )

    @action(description=_("Discard it"), icon="close")
    def discard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = self.row(request, object_id)
        who = str(request.user)
        return self.ask(
            request,
            run,
            title=gettext("Discard it"),
            explain=gettext("%(problem)s Nothing of it is applied; the next run is judged anew.")
            % {"problem": run.problem},
            act=lambda _given: review.discard(feed_run=run, actor=who, now=timezone.now()),
            done=gettext("Discarded."),
        )

    @action(description=_("Roll it back"), icon="undo")
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = self.row(request, object_id)

        def act(given: Any) -> None:
            decided = rollback.roll_back(
                feed_run=run,
                actor=str(request.user),
                reason=given["reason"],
                now=timezone.now(),
            )
            self.tell(request, decided)

        return self.ask(
            request,
            run,
            title=gettext("Roll it back"),
            explain=gettext(
                "Each of the %(count)d values that this run changed becomes what it was before,"
                " unless something newer changed it since. Should the supplier tell the same"
                " again, his feed waits for you."
            )
            % {"count": run.updated + run.created},
            act=act,
            done=gettext("Rolled back."),
            form_class=ReasonForm,
        )

    def _apply(self, request: HttpRequest, run: FeedRun) -> None:
        who = str(request.user)
        self.tell(request, review.apply(feed_run=run, actor=who, now=timezone.now()))


show(
    FeedChange,
    list_display=[
        "row",
        columns.link("run", _("Run")),
        "kind",
        "place",
        "old",
        "new",
        "size",
        columns.state(
            "outcome",
            _("Outcome"),
            calls={"left"},
            waits={"waits"},
            ended={"applied", "undone"},
        ),
    ],
    list_select_related=["run__supplier"],
    list_filter=["kind", "outcome"],
    search_fields=["row"],
    ordering=["-id"],
)
