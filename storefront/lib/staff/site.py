"""Staff site: load staff pages with the URLs, list tables on demand."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.apps import AppConfig
from django.contrib import messages
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.core.exceptions import ObjectNotUpdated
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from psycopg.errors import NumericValueOutOfRange, UniqueViolation
from unfold.sites import UnfoldAdminSite


class StaffSiteConfig(SimpleAdminConfig):
    """Loads the staff pages with the URLs, so that workers and commands start without them."""

    default_site = "storefront.lib.staff.site.StaffSite"

    def ready(self) -> None:
        """Register the checks; ``super()`` would run Django's before the pages are loaded."""
        checks.register(check_staff_pages, checks.Tags.admin)


def check_staff_pages(
    app_configs: Sequence[AppConfig] | None, **_options: Any
) -> list[checks.CheckMessage]:
    """Load the staff pages and check them as Django does."""
    autodiscover()
    return [*check_dependencies(), *check_admin_app(app_configs)]


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold ships no types
    """Admin site of the shop's staff pages, which have their own navigation."""

    def admin_view(
        self,
        view: Callable[..., HttpResponse],
        cacheable: bool = False,  # noqa: FBT001, FBT002 - Django's
    ) -> Callable[..., HttpResponse]:
        """Show the page again if what it saves exists already, or has a number that is too large.

        After a second click, what the first one saved exists.
        """
        checked: Callable[..., HttpResponse] = super().admin_view(view, cacheable)

        @wraps(checked)
        def page(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
            message = _(
                "Another request saved or deleted the same. Check the list before you save again."
            )
            try:
                return checked(request, *args, **options)
            except ObjectNotUpdated:
                pass
            except DatabaseError as error:
                if isinstance(error.__cause__, NumericValueOutOfRange):
                    message = _("A number is too large. Nothing was saved.")
                elif not isinstance(error.__cause__, UniqueViolation):
                    raise
            messages.error(request, message)
            return HttpResponseRedirect(request.get_full_path())

        return page

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return a list that is made when shown: for each page it takes half of the page's time."""
        return SimpleLazyObject(lambda: super(StaffSite, self).get_app_list(request, app_label))
