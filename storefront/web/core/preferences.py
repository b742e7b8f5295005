"""Preferences: store theme and delivery country in two cookies without personal data."""

from http import HTTPStatus
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from storefront.web.core.errors import error_page
from storefront.web.core.order_links import see_other
from storefront.web.core.same_origin import from_our_pages
from storefront.web.core.visit import COUNTRY_COOKIE, THEME_COOKIE, THEMES, set_public_cookie, visit


@require_POST
@from_our_pages
def theme(request: HttpRequest) -> HttpResponse:
    selected = request.POST.get("theme", "")
    if selected not in (*THEMES, "system"):
        return _refuse_value(request, _("Choose System, Light mode or Dark mode."))
    response = _redirect_back(request)
    if selected == "system":
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    else:
        set_public_cookie(response, THEME_COOKIE, selected)
    return response


@require_POST
@from_our_pages
def country(request: HttpRequest) -> HttpResponse:
    selected = request.POST.get("country", "")
    if selected not in visit(request).channel.countries:
        return _refuse_value(request, _("We do not deliver to this country yet."))
    response = _redirect_back(request)
    set_public_cookie(response, COUNTRY_COOKIE, selected)
    return response


def _refuse_value(request: HttpRequest, text: str) -> HttpResponse:
    return error_page(
        request, status=HTTPStatus.UNPROCESSABLE_ENTITY, title=_("Not available"), text=text
    )


def _redirect_back(request: HttpRequest) -> HttpResponse:
    """Redirect to the page of the form, with its filters; never to another site.

    The form does not know the filters and the variant: it may come from a cached page, and scripts
    change the URL later. The referrer has them.
    """
    path = request.POST.get("next", "")
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    if not is_ours:
        return see_other(reverse("home"))
    referrer = urlsplit(request.headers.get("Referer", ""))
    if referrer.netloc == request.get_host() and referrer.path == path and referrer.query:
        path = f"{path}?{referrer.query}"
    return see_other(path)
