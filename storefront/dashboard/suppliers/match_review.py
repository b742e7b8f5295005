"""Match review page: show a doubtful match side by side, take the decision, undo it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from catalog.models import Identifier, Image, Spec, Variant
from catalog.models.products import WIDTHS_PX
from catalog.products import images
from orders.models import Order, OrderLine
from storefront.dashboard import staff_page
from storefront.lib.money import Money
from storefront.lib.staff.columns import as_money
from storefront.lib.tasks import enqueue
from suppliers.inventory import tasks
from suppliers.models import MatchDecision, SupplierOffer
from suppliers.offers import identity, match_review
from suppliers.offers.match_review import ConflictQuestion, OfferQuestion
from suppliers.offers.overrides import OverrideError

VIEW, CHANGE = "suppliers.view_supplieroffer", "suppliers.change_supplieroffer"
SHOWN_DECISIONS = 10
MAX_ID_DIGITS = 18
OPEN_ORDERS = (Order.Status.PLACED, Order.Status.ON_HOLD, Order.Status.PROCESSING)
LABELS: dict[str, str | Promise] = {
    "title": _("Title"),
    "brand": _("Brand"),
    "options": _("Options"),
    "gtin": _("GTIN"),
    "mpn": _("Part number (MPN)"),
    "model": _("Model number"),
    "output_lm": _("Output, lm"),
    "battery_capacity_mah": _("Capacity, mAh"),
    "cct_k": _("Color temperature, K"),
    "cost": _("Cost"),
}
# Contradictions, as ``identity`` and ``links`` name them.
CONTRADICTIONS: dict[str, str | Promise] = {
    **{name: LABELS[name] for name in ("brand", "gtin", "mpn", *identity.NUMBERS)},
    "pack": _("Pack size"),
    "color": _("Color"),
    "option": _("Options"),
    "battery": _("With or without battery"),
    "kind": _("Kind of product"),
    "name": _("Name"),
    "version": _("Version"),
    "cell": _("Battery"),
    "number": _("Identifiers of several variants"),
    "identifiers": _("Identifiers missing"),
    "w": _("Power, W"),
    "nm": _("Wavelength, nm"),
    "m": _("Distance, m"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute on both sides: its words, each with whether the other side lacks it."""

    name: str
    ours: list[tuple[str, bool]]
    theirs: list[tuple[str, bool]]


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    staff_page.require(request, VIEW)
    position = _position(request.GET.get("skip", ""))
    question = match_review.question_at(position)
    context: dict[str, Any] = {
        "title": gettext("Match review"),
        "skip": position,
        "may_decide": request.user.has_perm(CHANGE),
        "count": match_review.count_questions(),
        "decisions": MatchDecision.objects.select_related(
            "variant__product", "offer__supplier", "other__product"
        ).order_by("-pk")[:SHOWN_DECISIONS],
    }
    if isinstance(question, OfferQuestion):
        context |= _offer_context(question)
    elif question is not None:
        context |= _conflict_context(question)
    return staff_page.render(request, "dashboard/suppliers/match_review.html", **context)


def _position(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= len("99999") else 0


def _row_id(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= MAX_ID_DIGITS else 0


def _offer_context(question: OfferQuestion) -> dict[str, Any]:
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
        "cost": as_money(cost) if cost else "",
    }
    return {
        "offer": offer,
        "variant": question.variant,
        "rows": list(_rows(_ours(question.variant), theirs)),
        "reasons": _reasons(stated.get("contradictions", [])),
        "picture": _picture(question.variant),
        "their_picture": _web_url(str(stated.get("picture", ""))),
    }


def _web_url(text: str) -> str:
    """Return the URL if a browser may open it, else "": a supplier may state a script."""
    return text if text.startswith(("http://", "https://")) else ""


def _conflict_context(question: ConflictQuestion) -> dict[str, Any]:
    return {
        "conflict": question.conflict,
        "variant": question.variant,
        "other": question.other,
        "rows": list(_rows(_ours(question.variant), _ours(question.other))),
        "reasons": _reasons(sorted(question.verdict.contradictions)),
        "picture": _picture(question.variant),
        "other_picture": _picture(question.other),
    }


def _reasons(names: Sequence[str]) -> list[str]:
    return [str(CONTRADICTIONS.get(name, name)) for name in names]


def _picture(variant: Variant) -> str:
    """Return the URL of the variant's image; empty if none is fetched."""
    shown = Image.objects.showing(
        product=variant.product_id, variant=variant.pk, color=variant.color
    )
    image = shown.first()
    return images.url_of(image.stem, min(WIDTHS_PX)) if image else ""


def _ours(variant: Variant) -> dict[str, str]:
    product = variant.product
    texts: dict[str, list[str]] = {}
    for each in variant.identifiers.order_by("pk"):
        texts.setdefault(each.scheme, []).append(each.raw or each.value)
    spec: Spec | None = getattr(product, "spec", None)
    numbers = {name: getattr(spec, name, None) for name in identity.NUMBERS}
    costs = SupplierOffer.objects.sellable().filter(variant=variant).select_related("supplier")
    return {
        "title": product.title,
        "brand": product.brand.name,
        "options": variant.options_text,
        **{scheme: ", ".join(texts.get(scheme, [])) for scheme in ("gtin", "mpn", "model")},
        **{name: "" if value is None else f"{value:g}" for name, value in numbers.items()},
        "cost": ", ".join(
            as_money(Money(offer.cost_amount, offer.currency))
            for offer in costs
            if offer.cost_amount is not None
        ),
    }


def _rows(ours: dict[str, str], theirs: dict[str, str]) -> Iterator[Row]:
    for name, label in LABELS.items():
        one, other = ours.get(name, ""), theirs.get(name, "")
        if one or other:
            yield Row(str(label), _marked(one, other), _marked(other, one))


def _marked(text: str, other: str) -> list[tuple[str, bool]]:
    """Return the words of a text, each with whether the other text lacks it."""
    known = {_key(word) for word in other.split()}
    return [(word, bool(known) and _key(word) not in known) for word in text.split()]


def _key(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum())


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Take a decision, then show the next question."""
    staff_page.require(request, CHANGE)
    submitted = request.POST
    step, skip = submitted.get("step", ""), _position(submitted.get("skip", ""))
    try:
        if step == "skip":
            skip += 1
        elif step == "undo":
            decision = get_object_or_404(MatchDecision, pk=_row_id(submitted.get("decision", "")))
            match_review.undo(decision=decision, now=timezone.now())
            messages.success(request, gettext("Undone. The question is asked again."))
        else:
            _decide(request, step)
    except OverrideError as refusal:
        messages.warning(request, str(refusal))
    enqueue(tasks.publish_pending)
    return HttpResponseRedirect(f"{reverse('supply:matches')}?{urlencode({'skip': skip})}")


def _decide(request: HttpRequest, step: str) -> None:
    submitted = request.POST
    acting: dict[str, Any] = {"actor": str(request.user), "now": timezone.now()}
    pk = _row_id(submitted.get("row", ""))
    if submitted.get("what") == "offer" and step in {"same", "different"}:
        offer = get_object_or_404(SupplierOffer, pk=pk)
        _refuse_other_question(request, offer.disputed_variant)
        match_review.decide_offer(offer=offer, is_same=step == "same", **acting)
        return
    if step not in {"same", "ours", "theirs"}:
        raise Http404
    conflict = get_object_or_404(Identifier.objects.select_related("variant__product"), pk=pk)
    _refuse_other_question(request, match_review.find_owner(conflict))
    if step == "same":
        _refuse_open_orders(conflict.variant)
        match_review.merge(conflict=conflict, **acting)
    else:
        match_review.verify_identifier(
            conflict=conflict, belongs_to_other=step == "theirs", **acting
        )


def _refuse_other_question(request: HttpRequest, variant: Variant | None) -> None:
    """Refuse an answer about another variant than staff saw: an import has replaced it.

    Raises: OverrideError
    """
    if variant is not None and request.POST.get("seen") != str(variant.pk):
        raise OverrideError(gettext("The question has changed meanwhile. Look at it again."))


def _refuse_open_orders(variant: Variant) -> None:
    """Refuse to merge a variant that open orders contain: a reroute needs its offers.

    Raises: OverrideError  an open order contains it
    """
    lines = OrderLine.objects.filter(variant=variant, order__status__in=OPEN_ORDERS)
    if line := lines.select_related("order").first():
        message = gettext(
            "Order %(number)s contains the second variant. Wait until it is completed."
        )
        raise OverrideError(message % {"number": line.order.number})
