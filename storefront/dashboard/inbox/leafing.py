"""The page of all that waits for one cause, a part at a time."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from storefront.dashboard.inbox import assignments, query, quick_actions

ON_A_PAGE = 100


def show(request: HttpRequest, code: str) -> HttpResponse:
    """Show what waits for one cause, the oldest first, to whom may see its table."""
    causes = tuple(cause for cause in query.causes_for(request.user) if cause.code == code)
    if not causes:
        raise PermissionDenied
    here = assignments.page_of(request.GET.get("page", ""))
    inbox = query.look(
        causes=causes, now=timezone.now(), most=ON_A_PAGE, after=ON_A_PAGE * (here - 1)
    )
    if here > 1 and not inbox.rows:  # what stood on the last page is settled
        return HttpResponseRedirect(reverse("supply:waiting", args=[code]))
    context = {
        **admin.site.each_context(request),
        "title": causes[0].sentence,
        "inbox": inbox,
        "waiting": quick_actions.with_clicks(inbox.rows, request.user),
        "first": ON_A_PAGE * (here - 1) + 1,
        "last": ON_A_PAGE * (here - 1) + len(inbox.rows),
        "page": here,
        "has_more": ON_A_PAGE * here < inbox.count,
        "list_name": "waiting",
        "said_empty": gettext("Nothing waits for this any more."),
    }
    return TemplateResponse(request, "dashboard/inbox/rule.html", context)
