"""Account column labels: name the tables and columns of users and permissions for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "SavedAddress": (_("saved address"), _("saved addresses")),
    "Consent": (_("consent"), _("consents")),
    "User": (_("user"), _("users")),
    "LoginAttempts": (_("sign-in attempts"), _("sign-in attempts")),
    "EmailChangeRequest": (_("e-mail change"), _("e-mail changes")),
    "TwoFactorEvent": (_("two-factor change"), _("two-factor changes")),
    "StaffSession": (_("staff session"), _("staff sessions")),
}
COLUMNS = {
    "password": _("Password"),
    "last_login": _("Last sign-in"),
    "is_superuser": _("Superuser"),
    "email": _("E-mail"),
    "name": _("Name"),
    "is_staff": _("Staff account"),
    "is_active": _("Active"),
    "joined_at": _("Joined"),
    "groups": _("Groups"),
    "language": _("Language"),
    "user": _("User"),
    "address": _("Address"),
    "is_default": _("Default"),
    "kind": _("Purpose"),
    "is_given": _("Given"),
    "source": _("Source"),
    "at": _("When"),
    "key": _("Key"),
    "count": _("Attempts"),
    "last_at": _("Last attempt"),
    "succeeded_at": _("Last success"),
    "blocked_until": _("Blocked until"),
    "session_epoch": _("Sessions ended"),
    "old_email": _("From"),
    "new_email": _("To"),
    "asked_at": _("Requested"),
    "done_at": _("Confirmed"),
    "stopped_at": _("Stopped from the old address"),
    "EmailChangeRequest.key": _("Link"),
    "what": _("What happened"),
    "actor": _("Changed by"),
    "reason": _("Reason"),
    "session": _("Session"),
    "started_at": _("Signed in"),
    "seen_at": _("Last request"),
    "network": _("Network"),
    "browser": _("Browser"),
}
EMAIL_TABLES = {
    "EmailAddress": (_("account e-mail address"), _("account e-mail addresses")),
    "EmailConfirmation": (_("confirmation link"), _("confirmation links")),
}
EMAIL_COLUMNS = {
    "user": _("User"),
    "email": _("E-mail"),
    "verified": _("Verified"),
    "primary": _("Primary"),
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
