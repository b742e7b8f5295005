"""Quick action buttons: offer the actions of each row, run the pressed one, log the result."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from orders.purchasing.holds import holds
from storefront.dashboard import staff_page
from storefront.dashboard.inbox import assignments, hold_reasons, query
from storefront.dashboard.inbox.actions import (
    CHECK_AGAIN,
    QUICK_ACTIONS,
    USER_ERRORS,
    WAIVE,
    QuickAction,
)
from storefront.dashboard.inbox.query import InboxItem
from storefront.lib.db import audit


@dataclass(frozen=True, slots=True)
class ActionButton:
    """One button of a row. ``of`` is the part of the row it concerns, ``about`` its description."""

    code: str
    label: str | Promise
    of: str = ""
    about: str = ""


def with_buttons(rows: Iterable[InboxItem], user: Any) -> list[InboxItem]:
    """Add the buttons to the rows whose table the user may change."""
    return [
        replace(row, buttons=_buttons(row)) if user.has_perm(row.cause.right("change")) else row
        for row in rows
    ]


def _buttons(row: InboxItem) -> tuple[ActionButton, ...]:
    if row.cause.code == "purchase_order_on_hold":
        return _hold_buttons(row.raw)
    return tuple(ActionButton(act.code, act.label) for act in QUICK_ACTIONS.get(row.cause.code, ()))


def _hold_buttons(raw: str) -> tuple[ActionButton, ...]:
    """Offer to waive each reason that one click may waive, and to check all again."""
    reasons = hold_reasons.parse(raw)
    buttons = [
        ActionButton(WAIVE.code, WAIVE.label, holds.reason_key(reason), reason["sentence"])
        if hold_reasons.is_safe(reason)
        else ActionButton("", "", about=reason["sentence"])
        for reason in reasons
    ]
    if holds.can_recheck(reasons):
        buttons.append(ActionButton(CHECK_AGAIN.code, CHECK_AGAIN.label))
    return tuple(buttons)


@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Run a quick action, log it in the row's history, assign the row, show the list."""
    submitted = request.POST
    row_id = assignments.parse_id(submitted.get("row", ""))
    cause = query.rule_for(request.user, submitted.get("cause", ""))
    staff_page.require(request, cause.right("change"))
    acts = {act.code: act for act in QUICK_ACTIONS.get(cause.code, ())}
    if submitted.get("what") not in acts:
        raise Http404
    act = acts[submitted["what"]]
    row = act.model._default_manager.filter(pk=row_id).first()  # noqa: SLF001 - Django's documented model API
    if row is None:
        messages.warning(request, gettext("This record no longer exists."))
        return HttpResponseRedirect(assignments.list_url(submitted))
    now = timezone.now()
    name = query.item_name(cause, row_id, now=now) or str(row)
    item_since = assignments.parse_time(submitted.get("since", ""))
    refusal = perform(
        request,
        act,
        row,
        code=cause.code,
        since=item_since,
        now=now,
        of=submitted.get("of", ""),
    )
    if refusal is None:
        messages.success(request, str(act.done) % name)
    else:
        messages.warning(request, refusal)
    return HttpResponseRedirect(assignments.list_url(submitted))


def perform(  # noqa: PLR0913 - the action and what it is for
    request: HttpRequest,
    act: QuickAction,
    row: Model,
    *,
    code: str,
    since: datetime | None,
    now: datetime,
    of: str = "",
) -> str | None:
    """Run a quick action on a row of rule ``code``, log it, assign the row; return the refusal.

    ``of``: the part of the row that it is about; "" for the whole row.
    """
    actor = str(request.user)
    try:
        act.do(row, of, actor, now)
    except USER_ERRORS as refusal:
        return str(refusal) or gettext("This is already resolved. No change was made.")
    _log(request, act, row)
    assignments.assign(cause=code, row=row.pk, since=since, actor=actor, now=now)
    return None


def _log(request: HttpRequest, act: QuickAction, row: Model) -> None:
    LogEntry.objects.log_actions(
        user_id=int(request.user.pk or 0),
        queryset=act.model._default_manager.filter(pk=row.pk),  # noqa: SLF001
        action_flag=CHANGE,
        change_message=str(act.label),
    )
    audit.record(audit.Action.ACTED, request=request, row=row, detail=str(act.label))
