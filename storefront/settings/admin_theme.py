"""Admin theme settings: configure unfold, its navigation, colors and sign-in form."""

from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Fara",
    "SITE_HEADER": "Fara",
    "SITE_SYMBOL": "flashlight_on",
    "DASHBOARD_CALLBACK": "storefront.dashboard.home.views.start_page",
    "COLORS": "storefront.dashboard.theme.colors.colors",
    "STYLES": ["storefront.dashboard.theme.colors.stylesheet"],
    "SCRIPTS": ["storefront.dashboard.theme.colors.script"],
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": "storefront.dashboard.theme.colors.favicon",
        }
    ],
    "ACCOUNT": {
        "navigation": [
            {"title": _("Security"), "link": reverse_lazy("factors:index")},
            {"title": _("Your sessions"), "link": reverse_lazy("factors:sessions")},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ]
    },
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": reverse_lazy("factors:language")},
    "LOGIN": {"form": "storefront.accounts.forms.SignInForm"},
    "COMMAND": {"search_callback": "storefront.dashboard.theme.global_search.find_rows"},
    "SIDEBAR": {"show_search": True, "navigation": "storefront.dashboard.theme.navigation.groups"},
}
