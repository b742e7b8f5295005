"""Staff pages: require permissions, render a template in the admin layout."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse

FORM_METHODS = ["GET", "HEAD", "POST"]  # of a page with a form


def require(request: HttpRequest, *rights: str) -> None:
    """Raise PermissionDenied, naming the rights, unless the user has all of them."""
    if not request.user.has_perms(rights):
        raise PermissionDenied(" ".join(rights))


def has_any(request: HttpRequest, *rights: str) -> bool:
    return any(request.user.has_perm(right) for right in rights)


def require_any(request: HttpRequest, *rights: str) -> None:
    """Raise PermissionDenied, naming the first right, unless the user has one of them."""
    if not has_any(request, *rights):
        raise PermissionDenied(rights[0])


def render(request: HttpRequest, template: str, **shown: Any) -> TemplateResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **shown})
