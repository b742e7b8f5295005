"""Match review page: show a doubtful match side by side, take the decision, undo it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from catalog.models import Identifier, Variant
from storefront.dashboard import staff_page
from storefront.dashboard.suppliers.comparison import (
    compare_rows,
    describe,
    picture_of,
    reasons_of,
)
from storefront.dashboard.suppliers.open_orders import refuse_open_orders
from storefront.lib.money import Money
from storefront.lib.staff.admin import acting
from storefront.lib.staff.columns import as_money
from storefront.lib.tasks import enqueue
from storefront.lib.text import row_id
from suppliers.inventory import tasks
from suppliers.matches import review
from suppliers.matches.review import ConflictQuestion, OfferQuestion
from suppliers.models import MatchDecision, SupplierOffer
from suppliers.offers.overrides import OverrideError

# Staff of the catalog decide about matches, but see neither offers nor their costs.
CATALOG = "catalog.change_product"
VIEW_OFFER = "suppliers.view_supplieroffer"
VIEW = (VIEW_OFFER, CATALOG)
CHANGE = ("suppliers.change_supplieroffer", CATALOG)
SHOWN_DECISIONS = 10


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    staff_page.require_any(request, *VIEW)
    position = _position(request.GET.get("skip", ""))
    question = review.question_at(position)
    context: dict[str, Any] = {
        "title": gettext("Match review"),
        "skip": position,
        "may_decide": staff_page.has_any(request, *CHANGE),
        "count": review.count_questions(),
        "decisions": MatchDecision.objects.select_related(
            "variant__product", "offer__supplier", "other__product"
        ).order_by("-pk")[:SHOWN_DECISIONS],
        "sees_offer": request.user.has_perm(VIEW_OFFER),
    }
    if isinstance(question, OfferQuestion):
        context |= _offer_context(question, sees_offer=request.user.has_perm(VIEW_OFFER))
    elif question is not None:
        context |= _conflict_context(question, sees_costs=request.user.has_perm(VIEW_OFFER))
    return staff_page.render(request, "dashboard/suppliers/match_review.html", **context)


def _position(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= len("99999") else 0


def _offer_context(question: OfferQuestion, *, sees_offer: bool) -> dict[str, Any]:
    offer, stated = question.offer, question.stated
    cost = Money(offer.cost_amount, offer.currency) if offer.cost_amount is not None else None
    theirs = {
        "title": str(stated.get("title") or offer.title),
        "brand": str(stated.get("brand", "")),
        "options": " / ".join(map(str, stated.get("options", []))),
        "gtin": str(stated.get("gtin", "")),
        "mpn": str(stated.get("mpn", "")),
        "model": str(stated.get("model", "")),
        **{name: str(value) for name, value in stated.get("numbers", {}).items()},
        "cost": as_money(cost) if cost and sees_offer else "",
    }
    (ours,) = describe(question.variant, sees_costs=sees_offer)
    return {
        "offer": offer,
        "variant": question.variant,
        "rows": list(compare_rows(ours, theirs)),
        "reasons": reasons_of(stated.get("contradictions", [])),
        "picture": picture_of(question.variant),
        "their_picture": _web_url(str(stated.get("picture", ""))),
    }


def _web_url(text: str) -> str:
    """Return the URL if a browser may open it, else "": a supplier may state a script."""
    return text if text.startswith(("http://", "https://")) else ""


def _conflict_context(question: ConflictQuestion, *, sees_costs: bool) -> dict[str, Any]:
    return {
        "conflict": question.conflict,
        "variant": question.variant,
        "other": question.other,
        "rows": list(
            compare_rows(*describe(question.variant, question.other, sees_costs=sees_costs))
        ),
        "reasons": reasons_of(sorted(question.verdict.contradictions)),
        "picture": picture_of(question.variant),
        "other_picture": picture_of(question.other),
    }


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Take a decision, then show the next question."""
    staff_page.require_any(request, *CHANGE)
    submitted = request.POST
    step, skip = submitted.get("step", ""), _position(submitted.get("skip", ""))
    try:
        if step == "skip":
            skip += 1
        elif step == "undo":
            decision = get_object_or_404(MatchDecision, pk=row_id(submitted.get("decision", "")))
            review.undo(decision=decision, check_orders=refuse_open_orders, **acting(request))
            messages.success(request, gettext("Undone. The question is asked again."))
        else:
            _decide(request, step)
    except OverrideError as refusal:
        messages.warning(request, str(refusal))
    enqueue(tasks.publish_pending)
    return HttpResponseRedirect(f"{reverse('supply:matches')}?{urlencode({'skip': skip})}")


def _decide(request: HttpRequest, step: str) -> None:
    submitted = request.POST
    pk = row_id(submitted.get("row", ""))
    if submitted.get("what") == "offer" and step in {"same", "different"}:
        offer = get_object_or_404(SupplierOffer, pk=pk)
        _refuse_other_question(request, offer.disputed_variant)
        review.decide_offer(offer=offer, is_same=step == "same", **acting(request))
        return
    if step not in {"same", "ours", "theirs"}:
        raise Http404
    conflict = get_object_or_404(Identifier.objects.select_related("variant__product"), pk=pk)
    _refuse_other_question(request, review.find_owner(conflict))
    if step == "same":
        review.merge(conflict=conflict, check_orders=refuse_open_orders, **acting(request))
    else:
        review.verify_identifier(
            conflict=conflict, belongs_to_other=step == "theirs", **acting(request)
        )


def _refuse_other_question(request: HttpRequest, variant: Variant | None) -> None:
    """Refuse an answer about another variant than staff saw: an import has replaced it.

    Raises: OverrideError
    """
    if variant is not None and request.POST.get("seen") != str(variant.pk):
        raise OverrideError(gettext("The question has changed meanwhile. Look at it again."))
