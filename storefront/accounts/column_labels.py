"""Account column labels: name the tables and columns of users and permissions for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "SavedAddress": (_("saved address"), _("saved addresses")),
    "Consent": (_("consent"), _("consents")),
    "User": (_("person"), _("people")),
    "SignInTries": (_("sign-in tries"), _("sign-in tries")),
    "AddressChange": (_("change of an address"), _("changes of addresses")),
    "FactorChange": (_("change of a second factor"), _("changes of second factors")),
    "StaffSession": (_("staff session"), _("staff sessions")),
}
COLUMNS = {
    "password": _("Password"),
    "last_login": _("Last seen"),
    "is_superuser": _("May do everything"),
    "email": _("E-mail"),
    "name": _("Name"),
    "is_staff": _("Works here"),
    "is_active": _("May sign in"),
    "joined_at": _("Here since"),
    "groups": _("Groups"),
    "language": _("Language"),
    "user": _("Person"),
    "address": _("Address"),
    "is_default": _("Offered first"),
    "kind": _("What for"),
    "is_given": _("Agreed"),
    "source": _("Said where"),
    "at": _("When"),
    "key": _("Who tries"),
    "count": _("Attempts"),
    "last_at": _("Last try"),
    "succeeded_at": _("Last success"),
    "blocked_until": _("Must wait"),
    "session_round": _("Sessions ended"),
    "old_email": _("From"),
    "new_email": _("To"),
    "asked_at": _("Asked"),
    "done_at": _("Confirmed"),
    "stopped_at": _("Stopped by the old address"),
    "AddressChange.key": _("Link"),
    "what": _("What happened"),
    "actor": _("By whom"),
    "reason": _("Reason"),
    "session": _("Session"),
    "started_at": _("Signed in"),
    "seen_at": _("Last request"),
    "network": _("Network"),
    "browser": _("Browser"),
}
PROVEN_TABLES = {
    "EmailAddress": (_("address of an account"), _("addresses of accounts")),
    "EmailConfirmation": (_("link to an address"), _("links to addresses")),
}
PROVEN_COLUMNS = {
    "user": _("Person"),
    "email": _("E-mail"),
    "verified": _("Proven"),
    "primary": _("First one"),
}
AUTH_TABLES = {
    "Group": (_("group"), _("groups")),
    "Permission": (_("permission"), _("permissions")),
}
AUTH_COLUMNS = {
    "name": _("Name"),
    "content_type": _("Table"),
    "codename": _("Code"),
}
