"""One visit to the page of what a run would have changed: sorted, paged, as a file, in parts."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from storefront.lib.staff.admin import REFUSALS, StaffAdmin
from storefront.lib.staff.csv_export import Echo, harmless
from storefront.lib.staff.fieldsets import Words
from suppliers.inventory import tasks
from suppliers.models import FeedChange, FeedRun
from suppliers.quarantine import review
from suppliers.quarantine.review import Choice, Decided, NothingChosenError
from suppliers.quarantine.run_words import JUDGED

PER_PAGE = 50
COLUMNS = ("row", "kind", "place", "old", "new", "size", "outcome")
# By what a page may be sorted, and the columns of it; ties are broken so that pages are stable.
ORDERS = {
    "-size": ("-size", "pk"),
    "size": ("size", "pk"),
    "row": ("row", "pk"),
    "-row": ("-row", "pk"),
}
Kind = FeedChange.Kind


class ChangesDesk(StaffAdmin):
    """The staff page of a run, as far as this page knows it."""

    def tell(self, request: HttpRequest, decided: Decided) -> None:
        """Say what came of it, and have the prices follow."""
        self.message_user(request, _said(decided))
        self.wake(request, tasks.publish_waiting)


class Page:
    """One visit."""

    def __init__(self, desk: ChangesDesk, request: HttpRequest, run: FeedRun) -> None:
        self.desk = desk
        self.request = request
        self.run = run
        self.problem = ""
        given = request.GET
        self.kind = given.get("kind", "") if given.get("kind") in Kind.values else ""
        self.order = given.get("order", "") if given.get("order") in ORDERS else "-size"

    def answer(self) -> HttpResponse:
        if self.request.method == "POST":
            return self._apply_part()
        if self.request.GET.get("as") == "csv":
            return self._file()
        return self._show()

    def _rows(self) -> QuerySet[FeedChange]:
        rows = FeedChange.objects.filter(run=self.run)
        rows = rows.filter(kind=self.kind) if self.kind else rows
        return rows.order_by(*ORDERS[self.order])

    def _apply_part(self) -> HttpResponse:
        try:
            decided = review.apply(
                feed_run=self.run,
                actor=str(self.request.user),
                now=timezone.now(),
                choice=self._choice(),
            )
        except NothingChosenError:
            self.problem = _("Nothing was chosen.")
        except InvalidOperation:
            self.problem = _("The size is no number.")
        except REFUSALS as refusal:
            self.problem = str(refusal)
        else:
            self.desk.tell(self.request, decided)
            return HttpResponseRedirect(self.desk.page_of(self.run))
        self.run.refresh_from_db()
        return self._show(status=422)

    def _choice(self) -> Choice:
        given = self.request.POST
        kinds = [self.kind] if self.kind else []
        if given.get("step") == "ticked":
            ids = [int(pk) for pk in given.getlist("pk") if pk.isdecimal()]
            return Choice(kinds=kinds, ids=ids)
        return Choice(kinds=kinds, at_most=Decimal(given.get("at_most", "").replace(",", ".")))

    def _file(self) -> HttpResponse:
        answer = StreamingHttpResponse(_lines(self._rows()), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="run-{self.run.pk}-changes.csv"'
        return answer  # type: ignore[return-value]  # Django's two answers share no base in stubs

    def _show(self, *, status: int = 200) -> HttpResponse:
        mine = FeedChange.objects.filter(run=self.run)
        page = Paginator(self._rows(), PER_PAGE).get_page(self.request.GET.get("page"))
        context = {
            **self.desk.admin_site.each_context(self.request),
            "title": _("Look at the changes"),
            "original": self.run,
            "opts": self.desk.opts,
            "back": self.desk.page_of(self.run),
            "problem": self.problem,
            "waits": self.run.status == FeedRun.Status.QUARANTINED,
            "page": page,
            "kind": self.kind,
            "order": self.order,
            "kinds": list(mine.values("kind").order_by("kind").annotate(count=Count("pk"))),
            "outcomes": list(
                mine.exclude(outcome="")
                .values("outcome")
                .order_by("outcome")
                .annotate(count=Count("pk"))
            ),
            "most": mine.aggregate(most=Max("size"))["most"],
            "facts": _facts(self.run),
            "query": urlencode({"kind": self.kind, "order": self.order}),
        }
        return TemplateResponse(
            self.request, "suppliers/pending_changes.html", context, status=status
        )


def _facts(run: FeedRun) -> Iterator[tuple[Words, Any]]:
    """Tell the counts that the run was judged by, in words."""
    for name, label in JUDGED.items():
        if run.profile.get(name) is not None:
            yield label, run.profile[name]


def _lines(changes: QuerySet[FeedChange]) -> Iterator[str]:
    lines = csv.writer(Echo())
    yield lines.writerow(COLUMNS)
    for change in changes.iterator(chunk_size=2_000):
        yield lines.writerow(_cells(getattr(change, name) for name in COLUMNS))


def _cells(values: Iterable[Any]) -> list[str]:
    return ["" if value is None else harmless(str(value)) for value in values]


def _said(decided: Decided) -> str:
    """Say what came of a decision."""
    done = ngettext("%(count)d value changed.", "%(count)d values changed.", decided.done)
    words = done % {"count": decided.done}
    if decided.left:
        left = ngettext(
            "%(count)d is left as it is: something newer stands there.",
            "%(count)d are left as they are: something newer stands there.",
            decided.left,
        )
        words = f"{words} {left % {'count': decided.left}}"
    if decided.waiting:
        later = ngettext(
            "%(count)d follows within a minute: sales are subtracted there first.",
            "%(count)d follow within a minute: sales are subtracted there first.",
            decided.waiting,
        )
        words = f"{words} {later % {'count': decided.waiting}}"
    return words
