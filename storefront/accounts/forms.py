"""Staff sign-in form: check address and password, report the wait after too many attempts."""

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from unfold.forms import AuthenticationForm

from storefront.accounts import login_throttling
from storefront.lib.security.client_ip import client_network


class SignInForm(AuthenticationForm):  # type: ignore[misc]  # unfold ships no types
    """Login form that reports the wait after too many attempts; other failures look the same."""

    def get_invalid_login_error(self) -> ValidationError:
        now = timezone.now()
        until = login_throttling.blocked_until(
            account=self.cleaned_data.get("username", ""),
            network=client_network(self.request),
            now=now,
        )
        if until is None:
            refused: ValidationError = super().get_invalid_login_error()
            return refused
        return ValidationError(
            _("Too many attempts. Wait %(time)s, then try again."),
            code="too_many_tries",
            params={"time": timeuntil(until, now, depth=1)},
        )
