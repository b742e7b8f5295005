"""Customer sessions: accept the session of a signed-in customer, with its CSRF token on writes."""

from functools import partial
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from orders.models import Order
from orders.models.order import OrderQuerySet
from storefront.accounts.email_verification import verified_addresses
from storefront.accounts.models import User
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.schema import CUSTOMER_SESSION, openapi
from storefront.api.core.views import Endpoint, find_row


class CustomerSession(SessionAuthentication):
    """Session of the website. Refuses a write without the CSRF token."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise ProblemError(problem_types.CSRF_FAILED) from error


class CustomerSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the schema generator that ``openapi`` documents this authentication."""

    target_class = CustomerSession
    name = CUSTOMER_SESSION

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class CustomerEndpoint(Endpoint):
    """View of the signed-in customer's own data. Staff and guests are refused."""

    authentication_classes = [CustomerSession]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        user = request.user
        if not isinstance(user, User) or user.is_staff:
            raise ProblemError(problem_types.SIGN_IN_REQUIRED)
        self.customer = user

    @property
    def principal(self) -> str:
        """The owner of the idempotency keys."""
        return f"customer {self.customer.pk}"

    def orders(self) -> OrderQuerySet:
        """Return the orders of the account and its verified addresses, newest first."""
        return Order.objects.of(self.customer.pk, verified_addresses(self.customer))

    def order(self, number: str) -> Order:
        """Return one of the customer's orders. Raises ProblemError, also for another's order."""
        return find_row(self.orders(), number=number)


customer_operation = partial(
    openapi,
    tag="me",
    bearer=CUSTOMER_SESSION,
    problems=(problem_types.SIGN_IN_REQUIRED,),
)
