import json

import pytest
from django.contrib.auth.management.commands import changepassword
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import transaction
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from storefront.accounts import credentials
from storefront.accounts.models import User
from storefront.accounts.two_factor import enrollment
from storefront.ops import database_roles
from storefront.privacy import personal_data
from tests.factories.catalog import make_channel
from tests.storefront.accounts.test_two_factor import with_app

pytestmark = pytest.mark.django_db
PASSWORD = "a good password"
NETWORK = "203.0.113.0/24"


@pytest.fixture
def logged(caplog):
    """Return the events of the security log, without lines of other loggers."""

    def read():
        events = [
            json.loads(each.getMessage()) for each in caplog.records if each.name == "security"
        ]
        assert not any("@" in json.dumps(each) or PASSWORD in json.dumps(each) for each in events)
        return events

    caplog.set_level("INFO", "security")
    return read


@pytest.fixture
def clerk():
    return User.objects.create_user("clerk@fara.example", PASSWORD, is_staff=True)


def sign_in(client, password, email="clerk@fara.example"):
    form = {"username": email, "password": password}
    return client.post("/admin/login/", form, REMOTE_ADDR="203.0.113.9")


def test_sign_ins_are_logged_with_their_network(
    client, clerk, logged, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        sign_in(client, PASSWORD)
    client.logout()
    for _ in range(7):
        sign_in(client, "wrong")
    sign_in(client, "wrong", email="unknown@fara.example")

    me = f"user:{clerk.pk}"
    *known, unknown = [each for each in logged() if each["event"] == "sign_in"]
    assert {each["network"] for each in (*known, unknown)} == {NETWORK}
    assert {each["actor"] for each in known} == {me}
    assert unknown["actor"].startswith("unknown:")
    assert {each["result"] for each in known} == {"ok", "failed", "blocked"}
    assert known[-1]["result"] == "blocked"


def test_capital_letters_of_an_address_do_not_matter(client):
    boss = User.objects.create_superuser("boss@fara.example", PASSWORD)
    client.force_login(boss)
    new = {"email": "Clerk@Fara.example", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("admin:accounts_user_add"), {**new, "usable_password": "true"})
    made = User.objects.get(email="clerk@fara.example")
    User.objects.filter(pk=made.pk).update(is_staff=True)
    client.logout()

    answer = sign_in(client, PASSWORD, email=" CLERK@fara.example")

    assert answer.status_code == 302


def test_wrong_and_blocked_codes_are_logged_differently(client, clerk, logged):
    with_app(clerk)
    sign_in(client, PASSWORD)
    for _ in range(6):
        client.post("/admin/factors/sign-in/", {"code": "000000"})

    results = [each["result"] for each in logged() if each["event"] == "second_factor"]
    assert results == ["failed"] * 5 + ["blocked"]


def test_forbidden_staff_page_is_logged(client, clerk, logged):
    make_channel()  # the error page shows the shop
    client.force_login(clerk)
    client.get("/admin/accounts/user/", REMOTE_ADDR="203.0.113.9")

    where = {"network": NETWORK, "path": "GET /admin/accounts/user/"}
    assert logged() == [
        {"event": "permission", "result": "failed", "actor": f"user:{clerk.pk}", **where}
    ]


def test_changes_of_rights_are_logged(client, clerk, logged, django_capture_on_commit_callbacks):
    boss = User.objects.create_superuser("boss@fara.example", PASSWORD)
    group = Group.objects.create(name="Buyers")
    client.force_login(boss)
    right = Permission.objects.get(codename="view_product")
    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            reverse("admin:auth_group_change", args=[group.pk]),
            {"name": "Buyers", "permissions": [right.pk]},
        )
        client.post(
            reverse("admin:accounts_user_change", args=[clerk.pk]),
            {"email": clerk.email, "is_active": "on", "is_superuser": "on"},
        )

    events = [each for each in logged() if each["event"] == "rights_changed"]
    assert [(each["actor"], each["what"]) for each in events] == [
        (f"user:{boss.pk}", f"group:{group.pk}"),
        (f"user:{boss.pk}", f"user:{clerk.pk}"),
    ]
    assert all(each["change"] for each in events)


@pytest.fixture
def operator_input(monkeypatch):
    """Set what the operator types and which database role the environment names."""
    monkeypatch.setattr(changepassword.getpass, "getpass", lambda **_: "another good password")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    monkeypatch.setenv("APP_DATABASE_URL", "postgres://app:secret@db/fara")
    monkeypatch.setattr(database_roles, "grant", lambda **_: None)


@pytest.mark.parametrize(
    ("command", "known", "event", "what"),
    [
        (["changepassword", "clerk@fara.example"], {}, "password_changed", "user:{}"),
        (
            ["createsuperuser"],
            {"email": "boss@fara.example", "interactive": False},
            "rights_changed",
            "user:{}",
        ),
        (["grant_app_role"], {}, "rights_changed", "database role:app"),
    ],
)
@pytest.mark.usefixtures("operator_input", "clerk")
def test_management_commands_are_logged(command, known, event, what, logged):
    with TestCase.captureOnCommitCallbacks(execute=True):
        call_command(*command, **known)

    [entry] = logged()
    assert (entry["event"], entry["actor"]) == (event, "command")
    assert entry["what"] == what.format(User.objects.latest("pk").pk)


@pytest.mark.parametrize(
    ("event", "act"),
    [
        (
            "password_changed",
            lambda user, now: transaction.atomic(credentials.set_password)(
                user=user, password="another password", now=now
            ),
        ),
        (
            "mfa_changed",
            lambda user, now: enrollment.reset(user=user, actor=None, reason="lost", now=now),
        ),
        ("data_exported", lambda user, _now: personal_data.export(user)),
        ("data_erased", lambda user, now: personal_data.erase(user_id=user.pk, now=now)),
    ],
)
def test_credential_and_data_changes_are_logged_on_commit(
    event, act, logged, django_capture_on_commit_callbacks
):
    user = User.objects.create_user("ada@example.org", PASSWORD)
    with django_capture_on_commit_callbacks(execute=True):
        act(user, timezone.now())
        assert logged() == []

    assert [each["event"] for each in logged()] == [event]
