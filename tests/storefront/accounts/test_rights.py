import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client

from notifications.models import Event
from storefront.accounts.models import User

pytestmark = pytest.mark.django_db
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


@pytest.fixture
def superuser():
    return User.objects.create_superuser("boss@fara.example", "a password")


@pytest.fixture
def clerk():
    made = User.objects.create_user("clerk@fara.example", "a password", is_staff=True)
    tables = ("user", "group")
    made.user_permissions.set(Permission.objects.filter(content_type__model__in=tables))
    return made


@pytest.fixture
def customer():
    return User.objects.create_user("erika@example.org", "a password")


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def page_of(row):
    table = "auth/group" if isinstance(row, Group) else "accounts/user"
    return f"/admin/{table}/{row.pk}/change/"


def fields_on(client, row):
    shown = client.get(page_of(row)).context["adminform"]
    return {name for _title, options in shown.fieldsets for name in options["fields"]}


def form_with_all_rights(user, **changed):
    """Return a form that requests all rights."""
    wanted = {"email": user.email, "name": "Ann", "is_active": "on", "is_superuser": "on"}
    return {**wanted, "is_staff": "on", **changed}


def test_clerk_cannot_see_or_change_rights(clerk, customer):
    client = client_of(clerk)

    fields = fields_on(client, customer)
    client.post(page_of(customer), form_with_all_rights(customer, email="thief@example.org"))
    customer.refresh_from_db()

    assert not fields & {*RIGHTS, "password"}
    assert (customer.name, customer.email) == ("Ann", "erika@example.org")
    assert not any((customer.is_staff, customer.is_superuser))
    client.post(page_of(customer), {"name": "Ann"})
    customer.refresh_from_db()
    assert not customer.is_active
    assert not Event.objects.exists(), "deactivating a customer is no change of rights"


def test_clerk_cannot_filter_by_hidden_rights(clerk, superuser):
    by_clerk, by_boss = client_of(clerk), client_of(superuser)

    for lookup, of_clerk in (
        ("is_active__exact=1", 200),
        ("groups__id__exact=1", 400),
        ("groups=1", 400),
        ("user_permissions__codename=view_user", 400),
        ("is_superuser__exact=1", 400),
        ("password__startswith=a", 400),
    ):
        path = f"/admin/accounts/user/?{lookup}"
        assert by_clerk.get(path).status_code == of_clerk, lookup
        if lookup.startswith(("groups__", "is_")):
            assert by_boss.get(path).status_code == 200


def test_clerk_cannot_change_staff(clerk, superuser):
    client = client_of(clerk)

    for row in (clerk, superuser):
        changed = client.post(page_of(row), form_with_all_rights(row))
        deleted = client.post(f"/admin/accounts/user/{row.pk}/delete/", {"post": "yes"})
        assert (changed.status_code, deleted.status_code) == (403, 403)
        before = row.is_superuser
        row.refresh_from_db()
        assert (row.name, row.is_superuser) == ("", before)


def test_only_superuser_sets_passwords_of_others(clerk, superuser, customer):
    form = {"usable_password": "true", "password1": "another one 7", "password2": "another one 7"}
    by_clerk, by_boss = client_of(clerk), client_of(superuser)

    for row in (clerk, superuser, customer):
        path = f"/admin/accounts/user/{row.pk}/password/"
        assert by_clerk.post(path, form).status_code == 403
        assert User.objects.get(pk=row.pk).check_password("a password")
    for row in (customer, superuser):
        by_boss.post(f"/admin/accounts/user/{row.pk}/password/", form)
        assert User.objects.get(pk=row.pk).check_password("another one 7")


def test_clerk_cannot_add_users_or_change_groups(clerk):
    group = Group.objects.create(name="Clerks")
    clerk.groups.add(group)
    client = client_of(clerk)

    permission_ids = list(Permission.objects.values_list("pk", flat=True)[:5])
    answers = [
        client.post("/admin/accounts/user/add/", {"email": "new@fara.example"}),
        client.post("/admin/auth/group/add/", {"name": "Bosses", "permissions": permission_ids}),
        client.post(page_of(group), {"name": "Clerks", "permissions": permission_ids}),
        client.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert not group.permissions.exists()


def test_superuser_cannot_change_own_rights(superuser, clerk):
    client = client_of(superuser)

    fields = fields_on(client, superuser)
    pages = [client.get(page_of(row)).content.decode() for row in (superuser, clerk)]
    client.post(page_of(superuser), {"email": superuser.email, "name": "Ann"})  # no box is ticked
    client.post(f"/admin/accounts/user/{superuser.pk}/delete/", {"post": "yes"})
    superuser.refresh_from_db()

    assert {*RIGHTS} < fields, "the rights are shown, not editable"
    assert ["You cannot change your own rights." in page for page in pages] == [True, False]
    assert (superuser.name, superuser.is_superuser, superuser.is_active) == ("Ann", True, True)


def test_change_of_rights_is_recorded_and_mailed_to_superusers(superuser, clerk):
    other = User.objects.create_superuser("other@fara.example", "a password")
    group = Group.objects.create(name="Packers")
    clerk.user_permissions.clear()

    client_of(superuser).post(page_of(clerk), form_with_all_rights(clerk, groups=[group.pk]))

    (event,) = Event.objects.filter(name="account.rights_changed")
    changes = ["+ group Packers", "+ is_superuser"]
    assert event.payload["email"] == [superuser.email, clerk.email, other.email]
    assert event.payload["holder"] == clerk.email
    assert event.payload["actor"] == superuser.email
    assert event.payload["changes"] == changes
    trace = LogEntry.objects.get(object_id=str(clerk.pk))
    assert trace.user == superuser
    assert all(line in trace.get_change_message() for line in changes)


def test_change_of_group_rights_is_mailed(superuser):
    group = Group.objects.create(name="Packers")
    right = Permission.objects.get(codename="view_order")
    client = client_of(superuser)

    client.post(page_of(group), {"name": "Packers", "permissions": [right.pk]})
    client.post(page_of(group), {"name": "Packers", "permissions": [right.pk]})
    client.post(
        "/admin/auth/group/",
        {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"},
    )

    events = Event.objects.filter(name="account.rights_changed").order_by("pk")
    assert [event.payload["changes"] for event in events] == [
        ["+ orders.view_order"],
        ["- orders.view_order"],
    ]
