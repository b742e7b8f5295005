"""Customers: find the person that a page is about, an account or a guest, and their orders.

A page of an account is named ``account-<id>``, that of a guest ``order-<id>`` after one of their
orders, so that no URL contains an e-mail address.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject, Lower
from django.http import Http404
from django.urls import reverse

from notifications.deliverability.suppressions import UNREACHABLE
from notifications.models import Suppression
from orders.models import Order
from orders.privacy import ERASED, orders_of_guest
from storefront.accounts.models import EmailChangeRequest, SavedAddress, User
from storefront.lib.staff.columns import choice_label

KEY = re.compile(r"(account|order)-(\d{1,18})")
_OWN = {"user": OuterRef("pk")}
_PROVEN = EmailAddress.objects.filter(**_OWN, verified=True)
_TAKEN = User.objects.filter(email=OuterRef("old_email"))
_FORMER = EmailChangeRequest.objects.filter(~Exists(_TAKEN), **_OWN, done_at__isnull=False)
_SAVED = SavedAddress.objects.filter(**_OWN).order_by("-is_default", "pk")
_SUPPRESSED = Suppression.objects.filter(
    address=Lower(OuterRef("email")), reason__in=UNREACHABLE, lifted_at=None
).order_by("reason")


class ErasedCustomerError(Exception):
    """The customer of an order was erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A person. ``user`` is None for a guest; ``order`` is the order that names a guest's page.

    All addresses are in lower case. ``saved`` are the delivery addresses of the account, each with
    ``address`` and ``is_default``. ``unreachable`` says why e-mails do not arrive; "": they do.
    """

    email: str
    user: User | None = None
    order: Order | None = None
    verified: list[str] = field(default_factory=list)
    former: list[str] = field(default_factory=list)
    saved: list[dict[str, Any]] = field(default_factory=list)
    unreachable: str = ""

    @property
    def key(self) -> str:
        return f"account-{self.user.pk}" if self.user else f"order-{self.order.pk}"  # type: ignore[union-attr]  # a guest

    @property
    def name(self) -> str:
        """Return the name of the account or of the guest's order, else the e-mail address."""
        written = self.order.ship_to.get("name", "") if self.order else ""
        return (self.user.name if self.user else written) or self.email

    @property
    def addresses(self) -> set[str]:
        return {self.email, *self.verified, *self.former}

    def orders(self) -> QuerySet[Order]:
        """Return the orders of this person, newest first."""
        if self.user is None:
            return orders_of_guest(self.email)
        return Order.objects.of(self.user.pk, self.verified)


def find(key: str) -> Customer:
    """Return the customer of a page. A guest who registered later is their account.

    Raises: Http404              no such account or order
            ErasedCustomerError  the customer of the order was erased
    """
    if (parts := KEY.fullmatch(key)) is None:
        raise Http404
    pk = int(parts[2])
    found = _account(pk) if parts[1] == "account" else _customer_of_order(pk)
    if found is None:
        raise Http404
    return found


def url_of(customer: Customer, page: str = "customer") -> str:
    return reverse(f"supply:{page}", args=[customer.key])


def _account(pk: int) -> Customer | None:
    users = User.objects.filter(pk=pk, is_staff=False).annotate(
        proven=ArraySubquery(_PROVEN.values(lower=Lower("email"))),
        former=ArraySubquery(_FORMER.values(lower=Lower("old_email"))),
        saved=ArraySubquery(
            _SAVED.values(row=JSONObject(address="address", is_default="is_default"))
        ),
        suppressed=Subquery(_SUPPRESSED.values("reason")[:1]),
    )
    user: Any = users.first()
    return user and Customer(
        email=user.email.lower(),
        user=user,
        verified=user.proven,
        former=user.former,
        saved=user.saved,
        unreachable=_reason(user.suppressed),
    )


def _customer_of_order(pk: int) -> Customer | None:
    proven = EmailAddress.objects.filter(email=Lower(OuterRef("email")), verified=True)
    orders = Order.objects.filter(pk=pk).select_related("cart")
    order: Any = orders.annotate(
        account=Subquery(proven.values("user")[:1]),
        suppressed=Subquery(_SUPPRESSED.values("reason")[:1]),
    ).first()
    if order is None:
        return None
    if order.email.endswith(ERASED):
        raise ErasedCustomerError
    account = order.cart.owner_id or order.account
    return (_account(account) if account else None) or Customer(
        email=order.email.lower(), order=order, unreachable=_reason(order.suppressed)
    )


def _reason(code: str | None) -> str:
    return choice_label(Suppression, "reason", code) if code else ""
