"""Inbox assignments: assign a row to one staff member, release it, reassign it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from storefront.dashboard.inbox import query
from storefront.dashboard.inbox.rule import Cause
from storefront.dashboard.models import Taken

KEPT_FOR = timedelta(days=90)
LONGEST_NUMBER = 18
LONGEST_PAGE = 6
BACK = {"alerts": "supply:alerts", "index": "admin:index"}


def take(*, cause: str, row: int, since: datetime | None, by: str, now: datetime) -> str:
    """Assign an inbox row if it is free; return the name of its assignee.

    An assignment older than ``since``, when the row entered the inbox, is dropped.
    """
    Taken.objects.filter(at__lt=now - KEPT_FOR).delete()
    if since is not None:
        Taken.objects.filter(cause=cause, row=row, at__lt=since).delete()
    found, _made = Taken.objects.get_or_create(
        cause=cause, row=row, defaults={"by": by[:100], "at": now}
    )
    return found.by


def give_back(*, cause: str, row: int, by: str) -> None:
    """Remove this user's assignment of an inbox row."""
    Taken.objects.filter(cause=cause, row=row, by=by[:100]).delete()


def take_over(*, cause: str, row: int, by: str, now: datetime) -> None:
    """Assign an inbox row to this user, even if another user has it."""
    Taken.objects.update_or_create(cause=cause, row=row, defaults={"by": by[:100], "at": now})


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Assign or release the row that ``POST`` names, and redirect to the list."""
    given = request.POST
    row, cause = number(given.get("row", "")), cause_of(request).code
    by, now = str(request.user), timezone.now()
    if given.get("what") == "give_back":
        give_back(cause=cause, row=row, by=by)
    elif given.get("what") == "take_over":
        take_over(cause=cause, row=row, by=by, now=now)
    else:
        take(cause=cause, row=row, since=moment(given.get("since", "")), by=by, now=now)
    return HttpResponseRedirect(back_to(given))


def back_to(given: QueryDict) -> str:
    """Return the URL of the list in which a row was acted on; its rule must be validated before."""
    if given.get("from") == "waiting":
        page = page_of(given.get("page", ""))
        return f"{reverse('supply:waiting', args=[given['cause']])}?page={page}"
    return reverse(BACK.get(given.get("from", ""), BACK["index"]))


def page_of(text: str) -> int:
    """Parse a page number; 1 if malformed."""
    is_number = text.isascii() and text.isdigit() and len(text) <= LONGEST_PAGE
    return max(1, int(text)) if is_number else 1


def cause_of(request: HttpRequest) -> Cause:
    """Return the rule that ``POST`` names, among those whose rows the user may see.

    Raises: PermissionDenied.
    """
    code = request.POST.get("cause", "")
    for cause in query.causes_for(request.user):
        if cause.code == code:
            return cause
    raise PermissionDenied(query.right_to_see(code))


def number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise Http404
    return int(text)


def moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
