"""Staff site: the admin site of the shop, which lists its tables only where a page shows them."""

from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class StaffSiteConfig(AdminConfig):
    default_site = "storefront.lib.staff.site.StaffSite"


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold ships no types
    """Admin site that checks the permissions for all tables only if the list of tables is read.

    Django passes the list to every page. The shop's pages have their own navigation, and making the
    list takes nearly half of a page's time.
    """

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        return SimpleLazyObject(lambda: super(StaffSite, self).get_app_list(request, app_label))
