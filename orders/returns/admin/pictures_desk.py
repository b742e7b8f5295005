"""Staff pages of pictures that came with a complaint: seen by who may see the return."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import ReturnAuthorization, ReturnPicture
from orders.returns import photos
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, show

NOTHING_RUNS = "sandbox; default-src 'none'"
PAGE = "orders_returnauthorization_picture"


@admin.display(description=_("Pictures"))
def sent_pictures(authorization: ReturnAuthorization) -> str:
    """Show what the shopper sent, small; each opens alone."""
    places = authorization.pictures.order_by("place").values_list("place", flat=True)
    shown = format_html_join(
        " ",
        '<a href="{0}" target="_blank" rel="noreferrer">'
        '<img src="{0}" alt="{1}" width="160" loading="lazy"></a>',
        (
            (
                reverse(f"admin:{PAGE}", args=[authorization.pk, place]),
                gettext("Picture %(place)d of the shopper") % {"place": place},
            )
            for place in places
        ),
    )
    return format_html('<span class="staff-pictures">{}</span>', shown) if shown else ""


class PicturesDesk(StaffAdmin):
    """Hands the pictures of a return out, and to nobody else."""

    def get_urls(self) -> list[URLPattern]:
        picture = path(
            "<int:pk>/pictures/<int:place>/", self.admin_site.admin_view(self.picture), name=PAGE
        )
        return [picture, *super().get_urls()]

    def picture(self, request: HttpRequest, pk: int, place: int) -> HttpResponse:
        """Show one picture as we have drawn it: it runs nothing, and no cache keeps it."""
        authorization = self.get_object(request, str(pk))
        if authorization is None or not self.has_view_permission(request, authorization):
            raise PermissionDenied
        row = authorization.pictures.filter(place=place).first()
        try:
            content = photos.read(row) if row else None
        except FileNotFoundError:
            content = None
        if content is None:
            raise Http404(gettext("There is no picture."))
        answer = HttpResponse(content, content_type=photos.MEDIA_TYPE)
        answer["Content-Disposition"] = f'inline; filename="{authorization}-{place}.jpg"'
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Content-Security-Policy"] = NOTHING_RUNS
        answer["Cache-Control"] = "private, no-store"
        return answer


show(
    ReturnPicture,
    list_display=[columns.link("authorization", _("Return")), "place", "added_at"],
    list_display_links=["place"],
    list_select_related=["authorization"],
    search_fields=["authorization__number"],
    ordering=["-id"],
)
