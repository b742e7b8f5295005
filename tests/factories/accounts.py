"""Account factories: customers and staff."""

from django.contrib.auth.models import Permission

from storefront.accounts import email_verification
from storefront.accounts.models import User
from storefront.accounts.rights import code_of
from storefront.lib.security.cost_rights import needs_costs
from tests.factories.suppliers import NOON

PASSWORD = "a lamp in the night"


def make_shopper(email="erika@example.org", *, proven=True):
    user = User.objects.create_user(email, PASSWORD)
    if proven:
        email_verification.verify(user=user, now=NOON)
    return user


def make_staff(name, *codenames):
    """Make a member of staff who has these permissions, and ``view_costs`` if one needs it."""
    user = make_staff_with_only(name, *codenames)
    rights = user.user_permissions.select_related("content_type")
    if any(needs_costs(code_of(right)) for right in rights):
        user.user_permissions.add(Permission.objects.get(codename="view_costs"))
    return user


def make_staff_with_only(name, *codenames):
    user = User.objects.create_user(f"{name}@fara.example", "a password", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def sign_in(client, email="erika@example.org", password=PASSWORD, **more):
    return client.post("/en/account/sign-in/", {"login": email, "password": password, **more})
