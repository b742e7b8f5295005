"""Staff pages: require permissions, render a template in the admin layout."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse


def require(request: HttpRequest, *rights: str) -> None:
    """Raise PermissionDenied, naming the rights, unless the user has all of them."""
    if not request.user.has_perms(rights):
        raise PermissionDenied(" ".join(rights))


def render(request: HttpRequest, template: str, **shown: Any) -> TemplateResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **shown})
