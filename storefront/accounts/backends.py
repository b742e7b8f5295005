"""Authentication backend: check a password, block attempts after too many, list permissions."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from storefront.accounts import login_throttling, security_log
from storefront.accounts.models import User
from storefront.lib.security.client_ip import client_network
from storefront.lib.security.cost_rights import VIEW_COSTS, needs_costs


class GuardedBackend(ModelBackend):
    """Django's backend with login throttling; an unknown account counts like a known one."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        username = username or kwargs.pop("email", None)  # allauth passes it as ``email``
        if request is None or username is None or password is None:
            return super().authenticate(request, username, password, **kwargs)
        network, now = client_network(request), timezone.now()
        try:
            login_throttling.count_attempt(account=username, network=network, now=now)
        except login_throttling.TooManyAttemptsError as error:
            security_log.record_sign_in(email=username, user=None, is_blocked=True)
            raise PermissionDenied from error
        user = super().authenticate(request, username, password, **kwargs)
        security_log.record_sign_in(email=username, user=user)
        if user is not None:
            login_throttling.record_success(account=username, network=network, now=now)
        return user

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return a user's permissions; those on suppliers and costs only with ``view_costs``."""
        is_known = hasattr(user_obj, "_perm_cache")
        permissions: set[str] = super().get_all_permissions(user_obj, obj)
        if not is_known and VIEW_COSTS not in permissions:  # Django keeps this set for the user
            permissions.difference_update([*filter(needs_costs, permissions)])
        return permissions
