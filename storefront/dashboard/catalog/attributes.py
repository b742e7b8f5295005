"""Attribute page: list all attributes of products, link the custom ones."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from catalog.families.attribute_list import list_attributes
from storefront.dashboard import staff_page


def show(request: HttpRequest) -> HttpResponse:
    staff_page.require(request, "catalog.view_customattribute")
    return staff_page.render(
        request,
        "dashboard/catalog/attributes.html",
        title=gettext("Attributes"),
        attributes=list_attributes(),
        languages=settings.LANGUAGES,
        may_add=request.user.has_perm("catalog.add_customattribute"),
    )
