"""Same-origin check: reject forms that another site sent, without a cookie or token.

A page that is equal for all visitors cannot hold one visitor's token. Browsers report the origin of
a request (Sec-Fetch-Site, Origin), and do not send the cart's cookie with another site's form
(SameSite). Forms that spend money carry Django's CSRF token as well.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from storefront.web.core.errors import forbidden

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def from_our_pages(
    view: Callable[..., HttpResponse],
) -> Callable[..., HttpResponse]:
    """Restrict a view to forms of our own pages."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in SAFE and not is_same_origin(request):
            return forbidden(request)
        return view(request, *args, **kwargs)

    return guarded


def is_same_origin(request: HttpRequest) -> bool:
    """Test by the headers of browsers; a client without them is not used by another site."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.get_host()
