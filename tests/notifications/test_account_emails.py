"""Account e-mails: trigger each by the shop's own code, check its text in both languages."""

import inspect

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client

from storefront.accounts import credentials
from storefront.accounts.models import EmailChangeRequest, User
from storefront.accounts.rights import notify_change, rights_of
from storefront.accounts.two_factor import enrollment, verification
from tests.factories.accounts import PASSWORD, make_shopper
from tests.factories.orders import make_sellable
from tests.factories.suppliers import NOON
from tests.support.emails import problems_of

pytestmark = pytest.mark.django_db


def post(path, **values):
    make_sellable()  # every page needs a shop
    Client().post(f"/en/account/{path}/", values)


def signed_up():
    post("sign-up", email="erika@example.org", password1=PASSWORD)


def signed_up_twice():
    make_shopper()
    signed_up()


def password_forgotten():
    make_shopper()
    post("password", email="erika@example.org")


def asked_for_another_address():
    credentials.request_email_change(user=make_shopper(), email="new@example.org", now=NOON)


def took_another_address():
    asked_for_another_address()
    with transaction.atomic():
        credentials.confirm_email_change(key=EmailChangeRequest.objects.get().key, now=NOON)


def changed_password():
    user = make_shopper()
    with transaction.atomic():
        credentials.set_password(user=user, password="another lamp", now=NOON)


def boss(email="boss@fara.example"):
    return User.objects.create_superuser(email, "a good password")


def added_app():
    secret = enrollment.new_app_secret()
    code = verification.app_code(secret, int(NOON.timestamp()) // 30)
    user = boss()
    enrollment.add_app(user=user, secret=secret, code=code, now=NOON)
    return user


def added_passkey(monkeypatch):
    """Accept any registration: only a browser can make a valid one."""
    monkeypatch.setattr(enrollment.passkeys, "verify_registration", lambda *_: None)
    enrollment.add_passkey(user=boss(), name="Key", answer={}, session={}, now=NOON)


def made_codes():
    enrollment.make_codes(user=boss(), now=NOON)


def removed_factor(settings):
    settings.STAFF_SECOND_FACTOR = False
    user = added_app()
    enrollment.remove(user=user, factor_id=Authenticator.objects.get().pk, now=NOON)


def reset_factors():
    actor = boss("ann@fara.example")
    enrollment.reset(user=added_app(), actor=actor, reason="lost it", now=NOON)


def changed_rights():
    actor, clerk = boss(), User.objects.create_user("clerk@fara.example", "a password")
    before = rights_of(clerk)
    clerk.is_staff = True
    clerk.groups.add(Group.objects.create(name="Support <1>"))
    with transaction.atomic():
        notify_change(holder=clerk, before=before, after=rights_of(clerk), actor=actor, now=NOON)


CASES = [
    (
        "account.unproven",
        signed_up,
        ["Is this your address?", "The link is valid for three days.", "Confirm the address"],
    ),
    ("account.known", signed_up_twice, ["You already have an account.", "Choose a new password"]),
    (
        "account.password_forgotten",
        password_forgotten,
        ["Choose a new password.", "The link works once and is valid for three days."],
    ),
    (
        "account.new_address",
        asked_for_another_address,
        ["Is this your new address?", "Confirm the address"],
    ),
    (
        "account.email_change_requested",
        asked_for_another_address,
        ["new@example.org", "on 24 November at 12:00 UTC", "Stop the change"],
    ),
    (
        "account.email_changed",
        took_another_address,
        ["The e-mail address of your account has changed."],
    ),
    ("account.password_changed", changed_password, ["Your password has changed."]),
    ("account.mfa_changed", added_app, ["An authenticator app was added."]),
    ("account.mfa_changed", added_passkey, ["A passkey was added."]),
    ("account.mfa_changed", made_codes, ["New recovery codes were made."]),
    ("account.mfa_changed", removed_factor, ["An app or a passkey was removed."]),
    ("account.mfa_changed", reset_factors, ["A colleague removed all second factors."]),
    (
        "account.rights_changed",
        changed_rights,
        [
            "boss@fara.example changed the permissions of clerk@fara.example at Fara.",
            "+ group Support <1>",
            "+ is_staff",
        ],
    ),
]


@pytest.mark.parametrize(("name", "cause", "sentences"), CASES)
def test_account_email(name, cause, sentences, request):
    cause(*map(request.getfixturevalue, inspect.signature(cause).parameters))

    assert problems_of(name, sentences) == []
