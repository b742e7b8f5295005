"""Portal access: check the key of a link, limit wrong keys and forms, keep links private.

The link is the only credential; no account and no cookie is used. A form therefore needs no CSRF
token: another site cannot know the URL to which it would have to post.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from orders import links
from orders.models import PurchaseOrder
from storefront.accounts import security_log
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.supplier_portal import order_list
from storefront.supplier_portal.languages import language_links, language_of
from suppliers.models import Supplier
from suppliers.portal_links import links as portal_links

WRONG_KEYS_PER_HOUR = 60
FORMS_PER_HOUR = 240  # of a purchase order, or of the list of a supplier


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccess:
    """A purchase order that a link opened.

    ``path`` is its page; ``list_path`` is that of all orders, empty if the link opens this one only.
    """

    purchase_order: PurchaseOrder
    path: str
    list_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAccess:
    """All orders of a supplier, which its link opened. ``path`` is the page of the list."""

    supplier: Supplier
    path: str


type Access = OrderAccess | ListAccess
type View = Callable[..., HttpResponse]


def order_page(view: Callable[[HttpRequest, OrderAccess], HttpResponse]) -> View:
    """Wrap a page of one purchase order."""
    return never_cache(require_safe(_with_access(_check_order, view)))


def order_form(view: Callable[[HttpRequest, OrderAccess], HttpResponse]) -> View:
    """Wrap a view of a form of one purchase order; the view limits the number of forms."""
    return never_cache(csrf_exempt(require_POST(_with_access(_check_order, view))))


def list_page(view: Callable[[HttpRequest, ListAccess], HttpResponse]) -> View:
    """Wrap a page of all orders of a supplier."""
    return never_cache(require_safe(_with_access(_check_list, view)))


def list_form(view: Callable[[HttpRequest, ListAccess], HttpResponse]) -> View:
    """Wrap a view of a form for several orders, and limit the number of forms."""

    @wraps(view)
    def limited_view(request: HttpRequest, access: ListAccess) -> HttpResponse:
        if has_too_many_forms(f"supplier:{access.supplier.pk}"):
            return message_page(
                request,
                HTTPStatus.TOO_MANY_REQUESTS,
                title=_("Too many submissions in one hour."),
                text=_("Try again later, or contact us."),
                back=access.path,
            )
        return view(request, access)

    return never_cache(csrf_exempt(require_POST(_with_access(_check_list, limited_view))))


def has_too_many_forms(who: str) -> bool:
    return is_rate_limited(what="portal", who=who, per_hour=FORMS_PER_HOUR)


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    *,
    path: str = "",
) -> HttpResponse:
    """Render a page of the portal; the links to other languages lead to ``path``, or to this page.

    A page that answers a form has no address of its own, so it gives a ``path``.
    """
    context["portal_languages"] = language_links(path or request.get_full_path())
    return render(request, f"supplier_portal/{template}.html", context, status=status)


def message_page(
    request: HttpRequest, status: HTTPStatus, *, title: str, text: str, back: str = ""
) -> HttpResponse:
    context = {"title": title, "text": text, "back": back}
    return render_page(request, "message", context, status)


def _with_access[T: Access](
    check: Callable[[HttpRequest, dict[str, str]], T | HttpResponse],
    view: Callable[[HttpRequest, T], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Restrict a view to holders of the link, and keep the link out of referrers and indexes."""

    @wraps(view)
    def checked_view(request: HttpRequest, **arguments: str) -> HttpResponse:
        language = language_of(request.path_info)
        with translation.override(language):
            access = check(request, arguments)
            response = access if isinstance(access, HttpResponse) else view(request, access)
        response.headers["Content-Language"] = language
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return checked_view


def _check_order(request: HttpRequest, arguments: dict[str, str]) -> OrderAccess | HttpResponse:
    number, key = arguments["number"], arguments["key"]
    if "code" in arguments:
        return _check_order_of_list(request, arguments)
    try:
        purchase_order = links.find_purchase(number=number, key=key, now=timezone.now())
    except links.ExpiredLinkError:
        text = _("The purchase order was closed long ago. Contact us if you need it.")
        return message_page(request, HTTPStatus.GONE, title=_("This link has expired."), text=text)
    if purchase_order is None:
        return _refuse(request, number)
    _log_form(request, purchase_order.supplier_id, number)
    return OrderAccess(purchase_order=purchase_order, path=reverse("purchase", args=[number, key]))


def _check_order_of_list(
    request: HttpRequest, arguments: dict[str, str]
) -> OrderAccess | HttpResponse:
    """Open a purchase order by the link to all orders of its supplier."""
    access = _check_list(request, arguments)
    if isinstance(access, HttpResponse):
        return access
    purchase_order = order_list.find_order(supplier=access.supplier, number=arguments["number"])
    if purchase_order is None:
        return message_page(
            request,
            HTTPStatus.NOT_FOUND,
            title=_("There is no such order."),
            text=_("Look for it in the list of your orders."),
            back=access.path,
        )
    names = [arguments["code"], arguments["key"], purchase_order.number]
    return OrderAccess(
        purchase_order=purchase_order, path=reverse("purchase", args=names), list_path=access.path
    )


def _check_list(request: HttpRequest, arguments: dict[str, str]) -> ListAccess | HttpResponse:
    code, key = arguments["code"], arguments["key"]
    try:
        supplier = portal_links.find_supplier(code=code, key=key, now=timezone.now())
    except portal_links.ExpiredPortalLinkError:
        text = _("Ask us for a new link: reply to one of our e-mails.")
        return message_page(
            request, HTTPStatus.NOT_FOUND, title=_("This link has expired."), text=text
        )
    if supplier is None:
        return _refuse(request, code)
    _log_form(request, supplier.pk, arguments.get("number", code))
    return ListAccess(supplier=supplier, path=reverse("supplier_orders", args=[code, key]))


def _log_form(request: HttpRequest, supplier_id: int, what: str) -> None:
    if request.method == "POST":
        action = request.path.strip("/").rpartition("/")[2]
        security_log.record(
            security_log.Event.SUPPLIER_LINK,
            actor=f"supplier:{supplier_id}",
            change=action,
            opened=what,
        )


def _refuse(request: HttpRequest, what: str) -> HttpResponse:
    """Answer a wrong key; limited per client network."""
    security_log.record(
        security_log.Event.SUPPLIER_LINK,
        actor=request.user,
        result=security_log.Result.FAILED,
        opened=what,
    )
    network = client_range(request)
    if is_rate_limited(what="portal-key", who=network, per_hour=WRONG_KEYS_PER_HOUR):
        title, text = _("Too many invalid links."), _("Try again in an hour.")
        return message_page(request, HTTPStatus.TOO_MANY_REQUESTS, title=title, text=text)
    text = _("Use the link in our latest e-mail, or reply to that e-mail.")
    return message_page(
        request, HTTPStatus.NOT_FOUND, title=_("This link does not work."), text=text
    )
