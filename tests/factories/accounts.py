"""Account factories: customers and staff."""

from django.contrib.auth.models import Permission

from storefront.accounts import email_verification
from storefront.accounts.models import User
from tests.factories.suppliers import NOON

PASSWORD = "a lamp in the night"


def make_shopper(email="erika@example.org", *, proven=True):
    user = User.objects.create_user(email, PASSWORD)
    if proven:
        email_verification.verify(user=user, now=NOON)
    return user


def make_staff(name, *codenames):
    """Make a member of staff who has these permissions only."""
    user = User.objects.create_user(f"{name}@fara.example", "a password", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def sign_in(client, email="erika@example.org", password=PASSWORD, **more):
    return client.post("/en/account/sign-in/", {"login": email, "password": password, **more})
