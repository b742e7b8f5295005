"""Staff site: load staff pages with the URLs, list tables on demand."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class StaffSiteConfig(SimpleAdminConfig):
    """Loads the staff pages with the URLs, so that workers and commands start without them."""

    default_site = "storefront.lib.staff.site.StaffSite"

    def ready(self) -> None:
        """Register the checks; ``super()`` would run Django's before the pages are loaded."""
        checks.register(check_staff_pages, checks.Tags.admin)


def check_staff_pages(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> list[checks.CheckMessage]:
    """Load the staff pages and check them as Django does."""
    autodiscover()
    return [*check_dependencies(), *check_admin_app(app_configs)]


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold ships no types
    """Admin site that makes the list of tables only for pages that show it.

    Django makes it for every page, which takes nearly half of a page's time. The shop's staff pages
    have their own navigation.
    """

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        return SimpleLazyObject(lambda: super(StaffSite, self).get_app_list(request, app_label))
