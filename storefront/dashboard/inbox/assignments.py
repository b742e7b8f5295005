"""Inbox assignments: assign a row to one staff member, release it, reassign it."""

import re
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from storefront.dashboard.inbox import query
from storefront.dashboard.models import InboxAssignment
from storefront.lib.staff.pagination import page_number
from storefront.lib.text import row_id

RETENTION = timedelta(days=90)
FILTERS = re.compile(r"[a-z]+=[a-z1]+(&[a-z]+=[a-z1]+)*")
LIST_URLS = {"alerts": "supply:alerts", "index": "admin:index"}


def assign(*, cause: str, row: int, since: datetime | None, actor: str, now: datetime) -> str:
    """Assign a free row, return its assignee; an assignment from before ``since`` is dropped."""
    InboxAssignment.objects.filter(at__lt=now - RETENTION).delete()
    if since is not None:
        InboxAssignment.objects.filter(cause=cause, row=row, at__lt=since).delete()
    assignment, _is_new = InboxAssignment.objects.get_or_create(
        cause=cause, row=row, defaults={"by": actor[:100], "at": now}
    )
    return assignment.by


def unassign(*, cause: str, row: int, actor: str) -> None:
    """Remove this user's assignment of an inbox row."""
    InboxAssignment.objects.filter(cause=cause, row=row, by=actor[:100]).delete()


def reassign(*, cause: str, row: int, actor: str, now: datetime) -> None:
    """Assign an inbox row to this user, even if another user has it."""
    InboxAssignment.objects.update_or_create(
        cause=cause, row=row, defaults={"by": actor[:100], "at": now}
    )


@require_POST
def handle_post(request: HttpRequest) -> HttpResponse:
    """Assign or release the row that ``POST`` names, and redirect to the list."""
    submitted = request.POST
    row, cause = (
        parse_id(submitted.get("row", "")),
        query.rule_for(request.user, submitted.get("cause", "")).code,
    )
    actor, now = str(request.user), timezone.now()
    if submitted.get("what") == "unassign":
        unassign(cause=cause, row=row, actor=actor)
    elif submitted.get("what") == "reassign":
        reassign(cause=cause, row=row, actor=actor, now=now)
    else:
        assign(
            cause=cause, row=row, since=parse_time(submitted.get("since", "")), actor=actor, now=now
        )
    return HttpResponseRedirect(list_url(submitted))


def list_url(submitted: QueryDict) -> str:
    """Return the URL of the list that the form was sent from; ``cause`` must be valid."""
    if submitted.get("from") == "waiting":
        page = page_number(submitted.get("page", ""))
        filters = submitted.get("filters", "")
        more = f"&{filters}" if FILTERS.fullmatch(filters) else ""
        return f"{reverse('supply:waiting', args=[submitted['cause']])}?page={page}{more}"
    return reverse(LIST_URLS.get(submitted.get("from", ""), LIST_URLS["index"]))


def parse_id(text: str) -> int:
    """Return the id of a row. Raises Http404: the text is no id."""
    if not (pk := row_id(text)):
        raise Http404
    return pk


def parse_time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
