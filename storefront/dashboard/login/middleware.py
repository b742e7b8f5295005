"""Staff middleware: show pages in the language of the staff member, record forms and downloads."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from storefront.accounts.models import User
from storefront.lib.db import audit

LANGUAGES = dict(settings.LANGUAGES)
Action = audit.AuditEvent.Action
# Own sign-in, factors, sessions and language: the security log has them.
OWN_PAGES = {"factors", "logout"}
HIDDEN = "***"


class StaffMiddleware:
    """Applies to pages below /admin/ of users who are signed in as staff."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user if request.path.startswith(settings.STAFF_PREFIX) else None
        if user is None or not user.is_authenticated or not user.is_staff:
            return self._get_response(request)
        assert isinstance(user, User)  # noqa: S101 - authenticated
        if user.language in LANGUAGES:
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language
        response = self._get_response(request)
        if response.status_code == HTTPStatus.OK and _is_download(response):
            audit.record(Action.DOWNLOADED, request=request, detail=_address(request))
        elif _is_form(request, response) and not getattr(request, "is_audited", False):
            audit.record(Action.SENT, request=request, detail=request.path)
        return response


def _is_download(response: HttpResponse) -> bool:
    return response.get("Content-Disposition", "").startswith("attachment")


def _is_form(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether a form was accepted: its page redirects then."""
    match = request.resolver_match
    is_own = match is None or bool(OWN_PAGES & {match.app_name, match.url_name})
    is_accepted = response.status_code == HTTPStatus.FOUND
    return request.method == "POST" and is_accepted and not is_own and request.user.is_staff


def _address(request: HttpRequest) -> str:
    """Return the path with its filters, without what was searched: it may be personal data."""
    query = request.GET.copy()
    for name, value in query.items():
        if name == "q" or "@" in value:
            query[name] = HIDDEN
    return f"{request.path}?{query.urlencode(safe='*')}" if query else request.path
