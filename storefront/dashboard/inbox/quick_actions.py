"""Quick action buttons: offer the actions of each row, run the pressed one, log the result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from orders.purchasing.holds import holds
from storefront.dashboard.inbox import assignments, hold_reasons, query
from storefront.dashboard.inbox.actions import (
    CHECK_AGAIN,
    QUICK_ACTIONS,
    USER_ERRORS,
    WAIVE,
    QuickAction,
)
from storefront.dashboard.inbox.query import InboxItem
from storefront.dashboard.inbox.rule import InboxRule


@dataclass(frozen=True, slots=True)
class ActionButton:
    """One button of a row; ``of`` is the part that is meant, ``about`` its description."""

    code: str
    words: str | Promise
    of: str = ""
    about: str = ""


def with_buttons(
    rows: Iterable[InboxItem], user: AbstractBaseUser | AnonymousUser
) -> list[InboxItem]:
    """Add to each row the buttons that a user may press."""
    return [
        replace(row, buttons=_buttons(row)) if can_act(user, row.cause) else row for row in rows
    ]


def can_act(user: AbstractBaseUser | AnonymousUser, cause: InboxRule) -> bool:
    """Test whether a user may act on the rows of a rule: the permission to change its table."""
    has_perm = getattr(user, "has_perm", None)
    return has_perm is not None and has_perm(_right(cause))


def _right(cause: InboxRule) -> str:
    app, model = cause.page.split("_")
    return f"{app}.change_{model}"


def _buttons(row: InboxItem) -> tuple[ActionButton, ...]:
    if row.cause.code == "purchase_order_on_hold":
        return _hold_buttons(row.raw)
    return tuple(ActionButton(act.code, act.words) for act in QUICK_ACTIONS.get(row.cause.code, ()))


def _hold_buttons(raw: str) -> tuple[ActionButton, ...]:
    """Offer to waive each reason that one click may waive, and to check all again."""
    reasons = hold_reasons.parse(raw)
    found = [
        ActionButton(WAIVE.code, WAIVE.words, holds.reason_key(reason), reason["sentence"])
        if hold_reasons.is_safe(reason)
        else ActionButton("", "", about=reason["sentence"])
        for reason in reasons
    ]
    if holds.can_recheck(reasons):
        found.append(ActionButton(CHECK_AGAIN.code, CHECK_AGAIN.words))
    return tuple(found)


@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Run a quick action, show its result, and redirect to the list.

    Logs the action in the history of the row, and assigns the row to the user.
    """
    given = request.POST
    row_id = assignments.parse_id(given.get("row", ""))
    cause = assignments.rule_of(request)
    if not can_act(request.user, cause):
        raise PermissionDenied(_right(cause))
    acts = {act.code: act for act in QUICK_ACTIONS.get(cause.code, ())}
    if given.get("what") not in acts:
        raise Http404
    act = acts[given["what"]]
    row = act.model._default_manager.filter(pk=row_id).first()  # noqa: SLF001 - Django's documented model API
    if row is None:
        messages.warning(request, gettext("This record no longer exists."))
        return HttpResponseRedirect(assignments.list_url(given))
    actor, now = str(request.user), timezone.now()
    name = query.item_name(cause, row_id, now=now) or str(row)
    try:
        act.do(row, given.get("of", ""), actor, now)
    except USER_ERRORS as refusal:
        messages.warning(
            request, str(refusal) or gettext("This is already resolved. No change was made.")
        )
    else:
        messages.success(request, str(act.done) % name)
        _log(request, act, row_id)
        since = assignments.parse_moment(given.get("since", ""))
        assignments.assign(cause=cause.code, row=row_id, since=since, by=actor, now=now)
    return HttpResponseRedirect(assignments.list_url(given))


def _log(request: HttpRequest, act: QuickAction, row_id: int) -> None:
    LogEntry.objects.log_actions(
        user_id=int(request.user.pk or 0),
        queryset=act.model._default_manager.filter(pk=row_id),  # noqa: SLF001
        action_flag=CHANGE,
        change_message=str(act.words),
    )
