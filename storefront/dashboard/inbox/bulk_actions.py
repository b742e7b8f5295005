"""Bulk actions: preview a quick action for all or selected rows of one rule, then run it."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from storefront.dashboard import staff_page
from storefront.dashboard.inbox import actions, assignments, query, quick_actions, views
from storefront.dashboard.inbox.query import InboxItem
from storefront.dashboard.inbox.rule import InboxRule

MAX_ROWS = 200
MAX_REFUSALS = 3  # shown after a run


def show(request: HttpRequest, code: str, action: str) -> HttpResponse:
    """Preview a quick action for rows of a rule; POST runs it for the previewed rows."""
    cause = query.rule_for(request.user, code)
    staff_page.require(request, cause.right("change"))
    act = next((act for act in actions.bulk_actions(code) if act.code == action), None)
    if act is None:
        raise Http404
    if request.method == "POST":
        chosen = _rows(cause, request.POST.getlist("row"))
        _run(request, act, chosen, asked=len(set(request.POST.getlist("row"))))
        return HttpResponseRedirect(reverse("supply:waiting", args=[code]))
    if "all" in request.GET:
        rows = query.load_items(
            causes=(cause,),
            now=timezone.now(),
            most=MAX_ROWS,
            filters=views.filters_of(request),
        )
    else:
        rows = _rows(cause, request.GET.getlist("row"))
    if not rows:
        messages.warning(request, gettext("Select at least one item that is still open."))
        return HttpResponseRedirect(reverse("supply:waiting", args=[code]))
    return staff_page.render(
        request,
        "dashboard/inbox/bulk_action.html",
        title=act.label,
        action=act,
        cause=cause,
        rows=rows,
        total=rows[0].count,
    )


def _rows(cause: InboxRule, ids: Iterable[str]) -> list[InboxItem]:
    """Return the rows with these ids that still are in the inbox, oldest first."""
    row_ids = [assignments.parse_id(text) for text in dict.fromkeys(ids)][:MAX_ROWS]
    found = query.load(
        causes=(cause,),
        now=timezone.now(),
        most=MAX_ROWS,
        row_ids=row_ids,
        filters=query.ALL_ROWS,
    )
    return found.rows


def _run(
    request: HttpRequest, act: actions.QuickAction, rows: Iterable[InboxItem], *, asked: int
) -> None:
    done, refusals, now = 0, list[str](), timezone.now()
    seen: set[int] = set()
    for item in rows:
        if item.row in seen:
            continue
        seen.add(item.row)
        row = act.model._default_manager.filter(pk=item.row).first()  # noqa: SLF001 - Django's documented model API
        if row is None:
            continue
        refusal = quick_actions.perform(
            request, act, row, code=item.cause.code, since=item.since, now=now
        )
        if refusal is None:
            done += 1
        else:
            refusals.append(f"{item.name}: {refusal}")
    if done:
        messages.success(
            request,
            ngettext("%(action)s: done for %(n)s item.", "%(action)s: done for %(n)s items.", done)
            % {"action": act.label, "n": done},
        )
    if resolved := asked - len(seen):
        messages.info(
            request,
            ngettext(
                "%(n)s item was already resolved.", "%(n)s items were already resolved.", resolved
            )
            % {"n": resolved},
        )
    for text in refusals[:MAX_REFUSALS]:
        messages.warning(request, text)
    if (more := len(refusals) - MAX_REFUSALS) > 0:
        messages.warning(
            request,
            ngettext("%(n)s more was refused.", "%(n)s more were refused.", more) % {"n": more},
        )
