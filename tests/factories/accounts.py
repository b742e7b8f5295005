"""Shoppers with an account."""

from __future__ import annotations

from storefront.accounts import email_verification
from storefront.accounts.models import User

PASSWORD = "a lamp in the night"


def make_shopper(email="erika@example.org", *, proven=True):
    user = User.objects.create_user(email, PASSWORD)
    if proven:
        email_verification.verify(user=user)
    return user


def sign_in(client, email="erika@example.org", password=PASSWORD, **more):
    return client.post("/en/account/sign-in/", {"login": email, "password": password, **more})
