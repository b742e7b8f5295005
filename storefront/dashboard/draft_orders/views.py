"""Draft order pages: start a draft, fill it for a customer, place it and send the payment link."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from orders.cart import carts, delivery_details
from orders.cart.refusals import REFUSALS, Refusal, refusal_message
from orders.cart.view import LineView
from orders.checkout import checkout
from orders.checkout import refusals as checkout_refusals
from orders.draft_orders import draft_orders
from orders.models import Cart, Order
from orders.promotions import codes, labels
from shipping.availability import availability, cart_summary
from shipping.availability.availability import UnavailableLine
from shipping.availability.cart_summary import CartSummary
from shipping.rates.refusal_reasons import tier_name
from storefront.dashboard import staff_page
from storefront.dashboard.draft_orders import losses as losses_of_draft
from storefront.dashboard.draft_orders import product_search
from storefront.dashboard.draft_orders.forms import QuantityForm, RecipientForm, StartForm
from storefront.dashboard.reports.destination_form import countries_of
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff.admin import acting
from storefront.lib.staff.columns import as_money, row_url

RIGHT = "orders.place_order"
REFUSED: tuple[type[Exception], ...] = (checkout.EmptyCartError, *checkout_refusals.REFUSALS)
MAX_SEARCH = 100


@dataclass(slots=True, kw_only=True)
class Problems:
    """Why a submitted form was refused: at a listing, at the code, at the order; the address form."""

    listings: dict[int, str] = field(default_factory=dict)
    code: str = ""
    delivery: str = ""
    order: str = ""
    recipient: RecipientForm | None = None

    def __bool__(self) -> bool:
        return bool(self.listings or self.code or self.delivery or self.order or self.recipient)


@require_http_methods(staff_page.FORM_METHODS)
def start(request: HttpRequest) -> HttpResponse:
    """Start a draft; list the open ones."""
    staff_page.require(request, RIGHT)
    now = timezone.now()
    form = StartForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        channel = form.cleaned_data["market"]
        draft = draft_orders.start(
            channel=channel,
            country=channel.default_country,
            locale=form.cleaned_data["language"],
            **acting(request),
        )
        return HttpResponseRedirect(reverse("supply:draft_order", args=[draft.pk]))
    return staff_page.render(
        request,
        "dashboard/draft_orders/start.html",
        title=_("Draft orders"),
        form=form,
        drafts=draft_orders.open_drafts(now=now),
    )


@require_http_methods(staff_page.FORM_METHODS)
def show(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Show a draft; a POST changes the part that its ``act`` names."""
    staff_page.require(request, RIGHT)
    draft = draft_orders.find(draft_id)
    if draft is None:
        raise Http404
    if placed := _order_of(draft):
        return _to_order(request, placed)
    now = timezone.now()
    problems = Problems()
    if request.method == "POST":
        act = ACTS.get(request.POST.get("act", ""))
        try:
            response = act(request, draft, problems, now) if act else None
        except carts.PlacedCartError:  # placed in another tab just now
            response = None
        if response is not None:
            return response
        if not problems:
            return HttpResponseRedirect(_page_of(request, draft))
    return _render(request, draft, problems, now)


def _order_of(draft: Cart) -> Order | None:
    return getattr(draft, "order", None)


def _to_order(request: HttpRequest, order: Order) -> HttpResponse:
    messages.info(request, _("This draft was placed as order %(order)s.") % {"order": order})
    return HttpResponseRedirect(row_url(order))


def _page_of(request: HttpRequest, draft: Cart) -> str:
    """Return the URL of the draft; its search stays."""
    text = request.POST.get("q", "")[:MAX_SEARCH]
    query = f"?{urlencode({'q': text})}" if text else ""
    return reverse("supply:draft_order", args=[draft.pk]) + query


# Acts: each returns a response, or adds problems, or does what was asked


def _set_quantity(
    request: HttpRequest, draft: Cart, problems: Problems, now: datetime
) -> HttpResponse | None:
    removed = {"quantity": "0"} if "remove" in request.POST else {}
    form = QuantityForm({**request.POST.dict(), **removed})
    if not form.is_valid():
        listing_id = form.cleaned_data.get("listing", 0)
        problems.listings[listing_id] = str(next(iter(form.errors.values()))[0])
        return None
    listing_id = form.cleaned_data["listing"]
    deliverable = availability.make_delivery_check(
        country=draft.country, channel=draft.channel, now=now, must_reach=True
    )
    try:
        draft_orders.set_quantity(
            draft=draft,
            listing_id=listing_id,
            quantity=form.cleaned_data["quantity"],
            deliverable=deliverable,
            now=now,
        )
    except carts.UnknownListingError:
        problems.listings[listing_id] = _("This product does not exist.")
    except REFUSALS as error:
        problems.listings[listing_id] = _refusal(error, draft)
    return None


def _set_recipient(
    request: HttpRequest, draft: Cart, problems: Problems, now: datetime
) -> HttpResponse | None:
    form = RecipientForm(request.POST, draft=draft)
    if form.is_valid() and (ship_to := form.chosen):
        delivery_details.set_address(
            cart=draft,
            email=form.cleaned_data["email"],
            ship_to=ship_to,
            check=form.note,
            now=now,
        )
    else:
        problems.recipient = form
    return None


def _set_delivery(
    request: HttpRequest, draft: Cart, problems: Problems, now: datetime
) -> HttpResponse | None:
    options = cart_summary.delivery_options(cart=draft, country=draft.country, now=now)
    code = request.POST.get("delivery", "")
    if any(quote.code == code for quote in options.quotes):
        delivery_details.set_delivery_method(cart=draft, method_code=code, now=now)
    else:
        problems.delivery = _("Choose a delivery method.")
    return None


def _add_code(
    request: HttpRequest, draft: Cart, problems: Problems, now: datetime
) -> HttpResponse | None:
    code = request.POST.get("code", "")
    if not codes.normalize_code(code):
        problems.code = str(labels.NO_CODE)
        return None
    try:
        codes.apply_code(cart=draft, code=code, now=now)
    except codes.CodeRejectedError as error:
        problems.code = str(labels.REJECTIONS[error.why])
    except codes.TooManyCodesError:
        problems.code = str(labels.TOO_MANY_CODES)
    return None


def _remove_code(
    request: HttpRequest, draft: Cart, _problems: Problems, now: datetime
) -> HttpResponse | None:
    codes.remove_code(cart=draft, code=request.POST.get("code", ""), now=now)
    return None


def _discard(
    request: HttpRequest, draft: Cart, _problems: Problems, now: datetime
) -> HttpResponse | None:
    draft_orders.discard(draft, now=now)
    messages.success(request, _("Draft discarded."))
    return HttpResponseRedirect(reverse("supply:draft_orders"))


def _place(
    request: HttpRequest, draft: Cart, problems: Problems, now: datetime
) -> HttpResponse | None:
    """Place the draft for the total and the arrival date that the page showed."""
    filled = cart_summary.summarize(
        cart=draft, country=draft.country, now=now, method_code=draft.service
    )
    agreed, arrival = _agreed(request, draft)
    quote = filled.quote
    is_complete = draft.ship_to and draft.email and quote and not filled.short
    if not is_complete or quote is None or agreed is None or arrival is None:
        problems.order = _("Something changed or is missing. Check the draft and place it again.")
        return None
    losses = losses_of_draft.find(filled, channel=draft.channel, now=now)
    if losses and not _accepts(request, losses):
        problems.order = _("Not placed: the shop would lose money. See the warning.")
        return None
    try:
        order = draft_orders.place(
            draft=draft,
            quote=quote,
            agreed=agreed,
            agreed_arrival=arrival,
            tax=filled.cart.tax,
            **acting(request),
        )
    except checkout.InvalidAddressError as error:
        problems.order = " ".join(str(text) for text in error.fields.values())
    except REFUSED as error:
        problems.order = str(checkout_refusals.REFUSALS.get(type(error), checkout_refusals.SOLD))
    else:
        text = _(
            "%(order)s is placed. The payment link goes to %(email)s and is valid until %(time)s."
        )
        until = date_format(timezone.localtime(order.payment_due_at), "H:i T")
        messages.success(request, text % {"order": order, "email": order.email, "time": until})
        return HttpResponseRedirect(row_url(order))
    return None


type Act = Callable[[HttpRequest, Cart, Problems, datetime], HttpResponse | None]
ACTS: Mapping[str, Act] = {
    "quantity": _set_quantity,
    "recipient": _set_recipient,
    "delivery": _set_delivery,
    "add_code": _add_code,
    "remove_code": _remove_code,
    "discard": _discard,
    "place": _place,
}


def _agreed(request: HttpRequest, draft: Cart) -> tuple[Money | None, date | None]:
    """Return the total and the last day of arrival that the page showed; None if unreadable."""
    try:
        amount = Decimal(request.POST.get("agreed", "")[:16])
        arrival = date.fromisoformat(request.POST.get("arrives_to", ""))
    except (InvalidOperation, ValueError):
        return None, None
    return (Money(amount, draft.channel.currency) if amount.is_finite() else None), arrival


def _accepts(request: HttpRequest, losses: Sequence[tuple[str, Money]]) -> bool:
    """Return whether a user who sees costs accepted at least these losses."""
    lost = sum(loss.amount for _sku, loss in losses)
    try:
        accepted = Decimal(request.POST.get("accepted_loss", "")[:16])
    except InvalidOperation:
        return False
    return accepted.is_finite() and lost <= accepted and request.user.has_perm(VIEW_COSTS)


# The page


def _render(request: HttpRequest, draft: Cart, problems: Problems, now: datetime) -> HttpResponse:
    filled = cart_summary.summarize(
        cart=draft, country=draft.country, now=now, method_code=draft.service
    )
    typed = request.POST.get("q") or request.GET.get("q", "")
    text = typed[:MAX_SEARCH].strip()
    results: list[product_search.Result] = []
    is_cut = False
    if text:
        quantities = {line.listing_id: line.quantity for line in filled.cart.lines}
        results, is_cut = product_search.find(text, draft=draft, quantities=quantities, now=now)
    losses = losses_of_draft.find(filled, channel=draft.channel, now=now)
    sees_costs = request.user.has_perm(VIEW_COSTS)
    can_place = bool(filled.cart.lines and not filled.short and filled.quote and draft.ship_to)
    shown = {line.listing_id for line in filled.cart.lines} | {row.listing.pk for row in results}
    response = staff_page.render(
        request,
        "dashboard/draft_orders/draft.html",
        title=_("Draft order"),
        draft=draft,
        country=dict(countries_of(draft.channel)).get(draft.country, draft.country),
        text=text,
        results=[(row, problems.listings.get(row.listing.pk, "")) for row in results],
        is_cut=is_cut,
        problems=problems,
        other_problems=[text for key, text in problems.listings.items() if key not in shown],
        lines=_lines(filled, problems, draft),
        filled=filled,
        deliveries=[
            (quote, tier_name(quote.tier), quote is filled.quote) for quote in filled.quotes
        ],
        codes=_codes(filled),
        amounts=_amounts(filled),
        losses=losses,
        loss=Money.total((loss for _sku, loss in losses), draft.channel.currency),
        sees_costs=sees_costs,
        recipient=problems.recipient or RecipientForm(draft=draft),
        can_place=can_place,
        may_place=can_place and (sees_costs or not losses),
    )
    if problems:
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    return response


def _lines(filled: CartSummary, problems: Problems, draft: Cart) -> list[tuple[LineView, str]]:
    """Return each line of the draft, and why it cannot be ordered so."""
    short = {each.line.id: each for each in filled.short}
    return [
        (
            line,
            problems.listings.get(line.listing_id)
            or (_shortage(short[line.id], draft) if line.id in short else ""),
        )
        for line in filled.cart.lines
    ]


def _shortage(short: UnavailableLine, draft: Cart) -> str:
    line = short.line
    if short.more or short.fewer:
        text = _("Sold in packs only. Nearest quantities: %(fewer)s, %(more)s.")
        return text % {"fewer": short.fewer or "–", "more": short.more or "–"}
    if not line.has_price:
        return _refusal(carts.NoPriceError(line.listing_id), draft)
    if line.is_undeliverable:
        error = carts.NotDeliverableError(
            line.listing_id, country=draft.country, is_restricted=line.is_restricted
        )
        return _refusal(error, draft)
    if line.available:
        return _refusal(carts.NotEnoughError(line.available), draft)
    return _refusal(carts.NotForSaleError(line.listing_id), draft)


def _refusal(error: Refusal, draft: Cart) -> str:
    names = dict(countries_of(draft.channel))
    return refusal_message(error, lambda code: names.get(code, code))


def _codes(filled: CartSummary) -> list[tuple[str, str]]:
    """Return each code of the draft, and why it gives no discount."""
    refused = labels.rejections(filled.cart_totals.discounts, as_money)
    return [(code, refused.get(code, "")) for code in filled.codes]


def _amounts(filled: CartSummary) -> list[tuple[str, Money]]:
    totals = filled.totals
    rows = [
        (_("Subtotal"), totals.subtotal),
        (_("Delivery"), totals.delivery),
        (_("Discount"), totals.discount * -1),
        (_("Tax added"), totals.added),
        (_("Total"), totals.total),
    ]
    always = {_("Subtotal"), _("Total")}
    return [(label, money) for label, money in rows if money or label in always]
