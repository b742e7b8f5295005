"""Inbox assignments: assign a row to one staff member, release it, take it over."""

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
    """Take something that waits; return whose it is now. Of two at once the first has it.

    Shape:  ``since`` it waits: who took it when it waited before has it no more
    """
    Taken.objects.filter(at__lt=now - KEPT_FOR).delete()
    if since is not None:
        Taken.objects.filter(cause=cause, row=row, at__lt=since).delete()
    found, _made = Taken.objects.get_or_create(
        cause=cause, row=row, defaults={"by": by[:100], "at": now}
    )
    return found.by


def give_back(*, cause: str, row: int, by: str) -> None:
    """Let others take what this person has."""
    Taken.objects.filter(cause=cause, row=row, by=by[:100]).delete()


def take_over(*, cause: str, row: int, by: str, now: datetime) -> None:
    """Take what somebody else has, who may not be there today."""
    Taken.objects.update_or_create(cause=cause, row=row, defaults={"by": by[:100], "at": now})


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Take what ``POST`` names, or give it back, and return to the list."""
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
    """Find the page of the list that a row was acted on in; its cause is known to be one."""
    if given.get("from") == "waiting":
        page = page_of(given.get("page", ""))
        return f"{reverse('supply:waiting', args=[given['cause']])}?page={page}"
    return reverse(BACK.get(given.get("from", ""), BACK["index"]))


def page_of(text: str) -> int:
    """Read the number of a page; nonsense is the first."""
    is_number = text.isascii() and text.isdigit() and len(text) <= LONGEST_PAGE
    return max(1, int(text)) if is_number else 1


def cause_of(request: HttpRequest) -> Cause:
    """Find the cause that ``POST`` names, of those whose rows this person may see."""
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
