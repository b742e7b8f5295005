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
from storefront.dashboard.inbox.action import Act
from storefront.dashboard.inbox.actions import ACTS, CHECK_AGAIN, REFUSED, WAIVE
from storefront.dashboard.inbox.query import Waiting
from storefront.dashboard.inbox.rule import Cause


@dataclass(frozen=True, slots=True)
class Click:
    """One button of a row; ``of`` is the part that is meant, ``about`` its description."""

    code: str
    words: str | Promise
    of: str = ""
    about: str = ""


def with_clicks(rows: Iterable[Waiting], user: AbstractBaseUser | AnonymousUser) -> list[Waiting]:
    """Add to each row the buttons that a user may press."""
    return [replace(row, clicks=_offered(row)) if may(user, row.cause) else row for row in rows]


def may(user: AbstractBaseUser | AnonymousUser, cause: Cause) -> bool:
    """Test whether a user may act on the rows of a rule: the permission to change its table."""
    has_perm = getattr(user, "has_perm", None)
    return has_perm is not None and has_perm(_right(cause))


def _right(cause: Cause) -> str:
    app, model = cause.page.split("_")
    return f"{app}.change_{model}"


def _offered(row: Waiting) -> tuple[Click, ...]:
    if row.cause.code == "purchase_held":
        return _of_held(row.raw)
    return tuple(Click(act.code, act.words) for act in ACTS.get(row.cause.code, ()))


def _of_held(raw: str) -> tuple[Click, ...]:
    """Offer to waive each reason that one click may waive, and to check all again."""
    reasons = hold_reasons.read(raw)
    found = [
        Click(WAIVE.code, WAIVE.words, holds.key_of(reason), reason["sentence"])
        if hold_reasons.is_safe(reason)
        else Click("", "", about=reason["sentence"])
        for reason in reasons
    ]
    if holds.can_check(reasons):
        found.append(Click(CHECK_AGAIN.code, CHECK_AGAIN.words))
    return tuple(found)


@require_POST
def press(request: HttpRequest) -> HttpResponse:
    """Run a quick action, show its result, and redirect to the list.

    Logs the action in the history of the row, and assigns the row to the user.
    """
    given = request.POST
    row_id = assignments.number(given.get("row", ""))
    cause = assignments.cause_of(request)
    if not may(request.user, cause):
        raise PermissionDenied(_right(cause))
    acts = {act.code: act for act in ACTS.get(cause.code, ())}
    if given.get("what") not in acts:
        raise Http404
    act = acts[given["what"]]
    row = act.model._default_manager.filter(pk=row_id).first()  # noqa: SLF001 - Django's documented model API
    if row is None:
        messages.warning(request, gettext("This record no longer exists."))
        return HttpResponseRedirect(assignments.back_to(given))
    actor, now = str(request.user), timezone.now()
    name = query.name_of(cause, row_id, now=now) or str(row)
    try:
        act.do(row, given.get("of", ""), actor, now)
    except REFUSED as refusal:
        messages.warning(
            request, str(refusal) or gettext("This is already resolved. No change was made.")
        )
    else:
        messages.success(request, str(act.done) % name)
        _note(request, act, row_id)
        since = assignments.moment(given.get("since", ""))
        assignments.take(cause=cause.code, row=row_id, since=since, by=actor, now=now)
    return HttpResponseRedirect(assignments.back_to(given))


def _note(request: HttpRequest, act: Act, row_id: int) -> None:
    LogEntry.objects.log_actions(
        user_id=int(request.user.pk or 0),
        queryset=act.model._default_manager.filter(pk=row_id),  # noqa: SLF001
        action_flag=CHANGE,
        change_message=str(act.words),
    )
