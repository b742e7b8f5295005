"""Duplicates page: list pairs of our products that are likely the same item; merge or keep apart."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from storefront.dashboard import staff_page
from storefront.dashboard.suppliers.comparison import reasons_of
from storefront.lib.staff.admin import acting
from storefront.lib.tasks import enqueue
from storefront.lib.text import row_id
from suppliers.matches import duplicates, tasks
from suppliers.models import DuplicateCandidate
from suppliers.offers.overrides import OverrideError

CHANGE = "catalog.change_product"
VIEW = ("suppliers.view_supplieroffer", CHANGE)
PAIRS_PER_PAGE = 50


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    staff_page.require_any(request, *VIEW)
    joined = ("variant__product__brand", "other__product__brand")
    rows = duplicates.open_duplicates().select_related(*joined)
    page = Paginator(rows, PAIRS_PER_PAGE).get_page(request.GET.get("page"))
    pairs: list[dict[str, Any]] = [
        {
            "row": row,
            "percent": int(row.confidence * 100),
            "evidence": reasons_of(row.evidence),
            "contradictions": reasons_of(row.contradictions),
        }
        for row in page
    ]
    latest = DuplicateCandidate.objects.order_by("-found_at").values_list("found_at", flat=True)
    return staff_page.render(
        request,
        "dashboard/suppliers/duplicates.html",
        title=gettext("Duplicates"),
        page=page,
        pairs=pairs,
        searched_at=latest.first(),
        may_decide=request.user.has_perm(CHANGE),
    )


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Keep a pair apart, or search again."""
    staff_page.require(request, CHANGE)
    if request.POST.get("step") == "search":
        if enqueue(tasks.search_duplicates):
            messages.success(request, gettext("The search has started. It takes about a minute."))
        else:
            text = gettext("The background workers do not respond. Try again in a minute.")
            messages.warning(request, text)
        return HttpResponseRedirect(reverse("supply:duplicates"))
    pk = row_id(request.POST.get("pair", ""))
    candidate = get_object_or_404(DuplicateCandidate, pk=pk)
    try:
        duplicates.mark_different(candidate=candidate, **acting(request))
    except OverrideError as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(
            request, gettext("Marked as no duplicate. You can undo this in Match review.")
        )
    return HttpResponseRedirect(reverse("supply:duplicates"))
