"""Admin CSP: set a looser content security policy on /admin/ pages only."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override

# Unfold uses Alpine, which evaluates expressions in attributes, and inline scripts and styles.
ADMIN_CSP: dict[str, Any] = {
    **settings.SECURE_CSP,
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL, CSP.UNSAFE_INLINE],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "font-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.SELF],
}


class AdminPolicyMiddleware:
    """Gives pages below /admin/ their own policy; other pages keep the shop's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._shop = get_response
        self._admin = csp_override(ADMIN_CSP)(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_staff_page = request.path.startswith(settings.STAFF_PREFIX)
        answer = self._admin if is_staff_page else self._shop
        return answer(request)
