"""Follow-up of inbox rows: snooze a row until a time, end a snooze, write a note, close a row."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from storefront.dashboard import staff_page
from storefront.dashboard.inbox import assignments, query
from storefront.dashboard.inbox.query import InboxItem
from storefront.dashboard.models import InboxNote, InboxSnooze

MAX_SNOOZE = timedelta(days=90)
CLOSED = datetime.max.replace(year=9000, tzinfo=UTC)  # a snooze without end
NOTE_RETENTION = timedelta(days=365)
MAX_NOTE_LENGTH = 500
# Rules whose rows staff may close with a note, because no action resolves them at once.
CLOSABLE = frozenset(
    {
        "api_request_unfinished",
        "cost_increased",
        "extra_charge",
        "orders_silent",
        "return_to_claim",
        "return_to_supplier_late",
    }
)


def snooze(*, cause: str, row: int, until: datetime, actor: str, now: datetime) -> None:
    """Leave a row out of the inbox until a time. A later snooze replaces an earlier one."""
    InboxSnooze.objects.filter(until__lt=now).delete()
    InboxSnooze.objects.update_or_create(
        cause=cause, row=row, defaults={"until": until, "by": actor[:100], "at": now}
    )


def end_snooze(*, cause: str, row: int) -> None:
    """Show a snoozed row again."""
    InboxSnooze.objects.filter(cause=cause, row=row).delete()


def close(*, cause: str, row: int, text: str, actor: str, now: datetime) -> None:
    """Close a row of a closable rule with a note; a new case of the row opens it again."""
    if cause not in CLOSABLE:
        raise ValueError(cause)
    add_note(cause=cause, row=row, text=text, actor=actor, now=now)
    snooze(cause=cause, row=row, until=CLOSED, actor=actor, now=now)


def add_note(*, cause: str, row: int, text: str, actor: str, now: datetime) -> None:
    """Add a note to a row, once; notes older than a year are deleted."""
    InboxNote.objects.filter(at__lt=now - NOTE_RETENTION).delete()
    note = InboxNote(cause=cause, row=row, text=text, by=actor[:100], at=now)
    InboxNote.objects.bulk_create([note], ignore_conflicts=True)


def with_notes(items: Iterable[InboxItem]) -> list[InboxItem]:
    """Add the notes to the rows of one rule, oldest first."""
    rows = list(items)
    if not rows:
        return rows
    notes: dict[int, list[InboxNote]] = defaultdict(list)
    written = InboxNote.objects.filter(cause=rows[0].cause.code, row__in=[row.row for row in rows])
    for note in written.order_by("pk"):
        notes[note.row].append(note)
    return [replace(row, notes=tuple(notes[row.row])) for row in rows]


@require_POST
def handle_post(request: HttpRequest) -> HttpResponse:
    """Snooze the row that ``POST`` names, show it again, note or close it; redirect to the list."""
    submitted = request.POST
    cause = query.rule_for(request.user, submitted.get("cause", ""))
    row = assignments.parse_id(submitted.get("row", ""))
    what = submitted.get("what")
    if what == "snooze":
        staff_page.require(request, cause.right("change"))
        _snooze(request, cause.code, row)
    elif what == "end_snooze":
        staff_page.require(request, cause.right("change"))
        end_snooze(cause=cause.code, row=row)
    elif what == "close":
        staff_page.require(request, cause.right("change"))
        if cause.code not in CLOSABLE:
            raise Http404
        if text := _note_text(request):
            close(cause=cause.code, row=row, text=text, actor=str(request.user), now=timezone.now())
            messages.success(request, gettext("Closed. A new case opens it again."))
    elif text := _note_text(request):
        add_note(cause=cause.code, row=row, text=text, actor=str(request.user), now=timezone.now())
    return HttpResponseRedirect(assignments.list_url(submitted))


def _snooze(request: HttpRequest, cause: str, row: int) -> None:
    now = timezone.now()
    until = _local_time(request.POST.get("until", ""))
    if until is None or not now < until <= now + MAX_SNOOZE:
        messages.warning(
            request, gettext("Not snoozed. Enter a time within the next 90 days and try again.")
        )
        return
    snooze(cause=cause, row=row, until=until, actor=str(request.user), now=now)
    messages.success(request, gettext("Snoozed. The item returns to the inbox at that time."))


def _local_time(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
        return timezone.make_aware(moment) if moment and moment.tzinfo is None else moment
    except (ValueError, OverflowError):
        return None


def _note_text(request: HttpRequest) -> str:
    """Return the note of a form; "" with a message to the user if it is empty or too long."""
    text = request.POST.get("text", "").strip()
    if text and len(text) <= MAX_NOTE_LENGTH:
        return text
    messages.warning(request, gettext("Note not saved. Write 1 to 500 characters and try again."))
    return ""
