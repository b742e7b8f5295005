"""Staff pages: require permissions, render a template in the admin layout, send a CSV file."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from storefront.lib.staff.csv_export import csv_line


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


def csv_file(rows: Iterable[Iterable[object]], name: str) -> HttpResponse:
    """Return a short table as a CSV download. By its first character, spreadsheets know UTF-8."""
    content = "\ufeff" + "".join(map(csv_line, rows))
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
