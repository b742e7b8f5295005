"""Audit log: staff changes with their values, actions and downloads; append-only."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from storefront.lib.db.audit import AuditEvent
from tests.factories.accounts import make_shopper, make_staff
from tests.factories.catalog import make_product
from tests.factories.orders import make_paid_order
from tests.support.admin_forms import filled_form

pytestmark = pytest.mark.django_db


def events():
    return [*AuditEvent.objects.order_by("pk").values_list("action", "subject", "detail")]


def test_a_changed_switch_is_recorded_with_both_values(staff):
    person = make_shopper()
    path = reverse("admin:accounts_user_change", args=[person.pk])
    form = filled_form(staff.get(path)) | {"name": "Erika"}
    del form["is_active"]

    assert staff.post(path, form).status_code == 302

    ((action, subject, detail),) = events()
    assert (action, subject) == ("changed", "accounts.User")
    assert "Active: yes → no" in detail
    assert "Name" in detail
    assert "Erika" not in detail


def test_a_change_of_a_groups_permissions_is_recorded(staff):
    path = reverse("admin:auth_group_add")

    assert staff.post(path, {"name": "Packers"}).status_code == 302
    group = Group.objects.get(name="Packers")
    assert events() == [("added", "auth.Group", "")]
    right = Permission.objects.get(codename="view_parcel")
    form = {"name": "Packers", "permissions": [right.pk]}
    assert staff.post(reverse("admin:auth_group_change", args=[group.pk]), form)
    assert staff.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"})

    changed, deleted = events()[1:]
    assert changed[:2] == ("changed", "auth.Group")
    assert "+ shipping.view_parcel" in changed[2]
    assert deleted == ("deleted", "auth.Group", "")


def test_a_confirmed_action_is_recorded_once_it_is_done(staff):
    order = make_paid_order()
    path = reverse("admin:orders_order_cancel", args=[order.pk])

    staff.post(path, {})
    assert events() == []
    staff.post(path, {"reason": "asked by phone"})

    assert events() == [("acted", "orders.Order", "Cancel order")]


def test_a_download_is_recorded_with_its_filters(staff):
    make_product()
    path = reverse("supply:catalog_file", args=["csv"])

    b"".join(staff.get(path, {"status__exact": "live", "q": "Erika"}))

    assert events() == [("downloaded", "", f"{path}?status__exact=live&q=***")]


def test_an_accepted_form_of_any_other_page_is_recorded(client):
    client.force_login(make_staff("ann"))
    path = reverse("admin:password_change")
    new = dict.fromkeys(("new_password1", "new_password2"), "another lamp in the night")

    client.post(path, {"old_password": "wrong", **new})
    assert events() == []
    client.post(path, {"old_password": "a password", **new})

    assert events() == [("sent", "", path)]


def test_the_page_links_rows_and_needs_its_permission_and_costs(client, staff):
    person = make_shopper()
    AuditEvent.objects.create(
        actor="ann", action="changed", subject="accounts.User", subject_id=person.pk
    )
    AuditEvent.objects.create(actor="ann", action="downloaded", detail="/admin/x.csv")
    path = reverse("admin:lib_auditevent_changelist")

    page = staff.get(path).content.decode()

    assert reverse("admin:accounts_user_change", args=[person.pk]) in page
    assert "/admin/x.csv" in page
    clerk = make_staff("clerk")
    clerk.user_permissions.add(Permission.objects.get(codename="view_auditevent"))
    client.force_login(clerk)
    refused = client.get(path)
    assert refused.status_code == 403
    assert "(orders.view_costs)" in refused.content.decode()
