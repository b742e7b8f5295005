"""Settling admin: enter rules, preview them, switch them on and off; show and undo what they did."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from storefront.dashboard import staff_page
from storefront.dashboard.inbox.settling import matching, running
from storefront.dashboard.inbox.settling.forms import FIELDS, SettlingRuleForm
from storefront.dashboard.models import SettlingRule, SettlingRun
from storefront.lib.staff import columns
from storefront.lib.staff.admin import FormData, StaffAdmin, acting, action, confirmed_action
from storefront.lib.staff.fieldsets import Group, section


def _explain(rule: SettlingRule) -> str:
    """Return what happens once the rule is on: how many items it settles now, and what can be undone."""
    act = matching.act_of(rule)
    count = sum(not match.obstacle for match in matching.find(rule, now=timezone.now()))
    now = ngettext(
        "The rule acts on %(count)s present item within a minute, and on each new one that fits.",
        "The rule acts on %(count)s present items within a minute, and on each new one that fits.",
        count,
    )
    return f"{now % {'count': count}} {act.undo_text if act else ''}"


def _require_change(request: HttpRequest, rule: SettlingRule) -> None:
    """Raise PermissionDenied unless the user may change the records of the rule's issue."""
    act = matching.act_of(rule)
    staff_page.require(request, act.cause.right("change") if act else "")


@admin.display(description=_("Issue"))
def cause(rule: SettlingRule) -> str:
    act = matching.act_of(rule)
    return str(act.cause.sentence) if act else rule.cause


@admin.display(description=_("Action"))
def label(rule: SettlingRule) -> str:
    act = matching.act_of(rule)
    return str(act.action.label) if act else rule.action


@admin.register(SettlingRule)
class SettlingRuleAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "No rules. Add one for an issue that always gets the same answer, look at its dry run, then"
        " switch it on."
    )
    form = SettlingRuleForm
    editable = (*FIELDS, "act")
    may_add = may_delete = True
    exclude = ("cause", "action")
    groups = (
        Group(_("Rule"), ("name", "act", "max_failures")),
        Group(_("Only items with"), ("supplier", "channel")),
        Group(_("Limits"), ("max_amount", "max_daily_amount", "currency")),
    )
    list_display: ClassVar = [
        *("name", cause, label, "supplier", "channel"),
        columns.money("max_amount", _("Amount at most")),
        "is_on",
        columns.age("stopped_at", _("Switched off after failures")),
    ]
    list_select_related: ClassVar = ["supplier", "channel"]
    list_filter: ClassVar = ["is_on"]
    ordering: ClassVar = ["name"]
    actions_detail: ClassVar = ["preview", "switch_on", "switch_off"]
    available_if: ClassVar = {
        "switch_on": lambda row: not row.is_on,
        "switch_off": lambda row: row.is_on or row.stopped_at is not None,
    }

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse to delete a rule that acted: its log stays."""
        is_logged = obj is not None and obj.runs.exists()
        return not is_logged and bool(super().has_delete_permission(request, obj))

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT002 - Django's
        **options: Any,
    ) -> Any:
        form = super().get_form(request, obj, change, **options)
        return type(form.__name__, (form,), {"user": request.user})

    def save_model(self, request: HttpRequest, obj: SettlingRule, form: Any, change: bool) -> None:
        """Save a rule switched off: its dry run comes first."""
        obj.is_on, obj.failures, obj.stopped_at = False, 0, None
        obj.changed_by = str(request.user)[:100]
        super().save_model(request, obj, form, change)
        self.message_user(
            request, gettext("The rule is off. Look at its dry run, then switch it on.")
        )

    def response_post_save_add(self, _request: HttpRequest, obj: SettlingRule) -> HttpResponse:
        """Return to the rule: it offers the dry run."""
        return HttpResponseRedirect(self.page_of(obj))

    response_post_save_change = response_post_save_add

    @action(description=_("Dry run"), icon="preview", may="view")
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rule = self.row(request, object_id)
        act = matching.act_of(rule)
        if act is None or not request.user.has_perm(act.cause.right("view")):
            raise PermissionDenied(act.cause.right("view") if act else "")
        found = matching.find(rule, now=timezone.now())
        return self.render_page(
            request,
            "dashboard/inbox/settling_preview.html",
            rule,
            title=gettext("Dry run"),
            rule=rule,
            act=act,
            matches=[match for match in found if not match.obstacle],
            others=[match for match in found if match.obstacle],
            may_switch_on=not rule.is_on and self.has_act_permission(request),
        )

    @confirmed_action(
        description=_("Switch on"), icon="play_arrow", explain=_explain, done=_("%s is on.")
    )
    def switch_on(self, request: HttpRequest, rule: SettlingRule, _data: FormData) -> None:
        _require_change(request, rule)
        running.switch_on(rule=rule, actor=str(request.user))

    @confirmed_action(
        description=_("Switch off"),
        icon="stop",
        explain=_("The rule settles no more items. What it did stays."),
        done=_("%s is off."),
    )
    def switch_off(self, request: HttpRequest, rule: SettlingRule, _data: FormData) -> None:
        running.switch_off(rule=rule, actor=str(request.user))


@admin.display(description=_("Issue"))
def run_cause(run: SettlingRun) -> str:
    return cause(run.rule)


LEFT = columns.age("case__settled_at", _("Left the inbox"))


@admin.register(SettlingRun)
class SettlingRunAdmin(StaffAdmin):
    empty_text: ClassVar = _("No rule has settled an item yet.")
    list_display: ClassVar = [
        *("__str__", "rule", columns.money("amount", _("Amount")), "status", "problem"),
        *(columns.age("at", _("When")), LEFT, "undone_by"),
    ]
    list_select_related: ClassVar = ["rule", "case"]
    fieldsets: ClassVar = [
        section(None, "name", "rule", run_cause, columns.money("amount", _("Amount")), "at"),
        section(_("Result"), "status", "problem", LEFT, "undone_by"),
    ]
    list_filter: ClassVar = ["status", "rule"]
    actions_detail: ClassVar = ["open_item", "undo"]
    user_errors: ClassVar = (running.CannotUndoError,)
    available_if: ClassVar = {
        "undo": lambda run: (
            run.status == SettlingRun.Status.DONE
            and bool((act := matching.act_of(run.rule)) and act.undo)
        ),
    }

    @action(description=_("Open record"), icon="open_in_new", may="view")
    def open_item(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = self.row(request, object_id)
        act = matching.act_of(run.rule)
        page = act.cause.page if act else "dashboard_settlingrun"
        row = run.case.row if act else run.pk
        return HttpResponseRedirect(reverse(f"admin:{page}_change", args=[row]))

    @confirmed_action(
        description=_("Undo"),
        icon="undo",
        explain=_("The item returns to the inbox. Rules do not act on this record again."),
        done=_("Undone: %s."),
    )
    def undo(self, request: HttpRequest, run: SettlingRun, _data: FormData) -> None:
        _require_change(request, run.rule)
        running.undo(run=run, **acting(request))
