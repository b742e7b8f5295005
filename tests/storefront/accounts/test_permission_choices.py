import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from storefront.accounts.rights import OWN_TEXTS, code_of, is_used, label_of
from storefront.dashboard.login.groups import GROUPS

pytestmark = pytest.mark.django_db
admin.autodiscover()


def permission(codename):
    return Permission.objects.select_related("content_type").get(codename=codename)


def test_the_form_offers_only_permissions_of_pages_by_subject(staff):
    group = Group.objects.create(name="Packers")
    hidden = Permission.objects.get(codename="change_session")
    group.permissions.set([hidden, permission("view_order")])
    path = reverse("admin:auth_group_change", args=[group.pk])

    page = staff.get(path).content.decode()

    offered = re.findall(r'<input type="checkbox" name="permissions"', page)
    assert 200 < len(offered) < Permission.objects.count() / 2
    for text in ("<legend>Orders</legend>", "View orders", "Release orders that are on hold"):
        assert text in page
    for text in ("Can view", "<legend>Accounts</legend>", "Authentication and"):
        assert text not in page
    staff.post(path, {"name": "Packers", "permissions": [permission("view_parcel").pk]})
    codenames = group.permissions.values_list("codename", flat=True)
    assert {*codenames} == {"change_session", "view_parcel"}


@pytest.mark.parametrize(
    ("codename", "text"),
    [
        ("view_order", "View orders"),
        ("change_parcel", "Edit parcels and use their buttons"),
        ("view_supplier", "View suppliers (only with costs)"),
        ("refund_order", "Refund orders: the buttons Refund and Refund a parcel"),
    ],
)
def test_permissions_are_named_by_what_they_open(codename, text):
    assert label_of(permission(codename)) == text


def test_every_permission_of_a_default_group_is_offered():
    named = {right for rights in GROUPS.values() for right in rights if "*" not in right}
    every = Permission.objects.select_related("content_type")
    offered = {code_of(one) for one in every if is_used(one)}

    assert named - offered == set()


def test_each_permission_of_no_table_has_its_own_text():
    declared = {
        f"{model._meta.app_label}.{codename}"
        for model in apps.get_models()
        for codename, _name in model._meta.permissions
    }

    assert declared == {*OWN_TEXTS}
