"""Forbidden requests: answer staff with the missing right, others with the shop's 403 page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from storefront.dashboard.login import forbidden as staff_page
from storefront.web.core import errors


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    is_staff = request.path.startswith(reverse("admin:index")) and getattr(
        request.user, "is_staff", False
    )
    return (staff_page.forbidden if is_staff else errors.forbidden)(request, exception)
