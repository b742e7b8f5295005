"""Staff middleware: show pages in the language of the staff member, record downloads."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from storefront.accounts.models import User
from storefront.lib.db import audit

LANGUAGES = dict(settings.LANGUAGES)


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
            audit.record(
                audit.AuditEvent.Action.DOWNLOADED, actor=user, detail=request.get_full_path()
            )
        return response


def _is_download(response: HttpResponse) -> bool:
    return response.get("Content-Disposition", "").startswith("attachment")
