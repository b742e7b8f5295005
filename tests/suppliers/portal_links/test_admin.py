"""The supplier page creates, rotates and revokes the link to all orders, and shows its history."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from notifications.models import Event
from suppliers.models import Connection, PortalLink
from tests.factories.accounts import make_staff
from tests.factories.suppliers import make_supplier

pytestmark = pytest.mark.django_db


@pytest.fixture
def supplier():
    return make_supplier()


def url_of(action, supplier):
    return reverse(f"admin:suppliers_supplier_{action}", args=[supplier.pk])


def create(desk, supplier, email=""):
    current = PortalLink.objects.filter(ended_at=None).first()
    form = {"former": current.pk if current else "", "email": email}
    return desk.post(url_of("create_portal_link", supplier), form)


def test_the_link_is_shown_once(staff, supplier):
    assert "opens all orders of Lumen" in (
        staff.get(url_of("create_portal_link", supplier)).content.decode()
    )

    created = create(staff, supplier)

    url = created.context["url"]
    assert url in created.content.decode()
    assert "no-store" in created["Cache-Control"]
    assert not Event.objects.exists()
    page = staff.get(url_of("change", supplier)).content.decode()
    table = staff.get(reverse("admin:suppliers_portallink_changelist")).content.decode()
    for later in (page, table):
        assert url.rstrip("/").rpartition("/")[2] not in later
    assert "portal links" in page.lower()
    assert "Supplier portal link created" in LogEntry.objects.get().change_message


def test_the_link_is_mailed_to_the_contact(staff, supplier):
    Connection.objects.update(options={"orders_to": "orders@lumen.example"})
    assert "orders@lumen.example" in (
        staff.get(url_of("create_portal_link", supplier)).content.decode()
    )

    response = create(staff, supplier, email="orders@lumen.example")

    assert response.status_code == 302
    event = Event.objects.get()
    assert event.payload["email"] == "orders@lumen.example"
    assert "/suppliers/lumen/" not in str(event.payload)
    assert PortalLink.objects.get().sent_to == "orders@lumen.example"


def test_an_outdated_or_invalid_form_changes_nothing(staff, supplier):
    create(staff, supplier)

    again = staff.post(url_of("create_portal_link", supplier), {"former": "", "email": ""})
    wrong = create(staff, supplier, email="nowhere")

    assert "changed in the meantime" in again.content.decode()
    assert wrong.context["form"].errors["email"]
    assert PortalLink.objects.count() == 1


def test_the_link_is_revoked(staff, supplier):
    assert "revoke_portal_link" not in staff.get(url_of("change", supplier)).content.decode()
    create(staff, supplier)
    link = PortalLink.objects.get()
    assert "revoke_portal_link" in staff.get(url_of("change", supplier)).content.decode()

    for _twice in range(2):
        staff.post(url_of("revoke_portal_link", supplier), {"former": link.pk})

    link.refresh_from_db()
    assert link.ended_at is not None
    assert link.ended_by


def test_only_staff_who_may_change_suppliers_create_links(client, supplier):
    client.force_login(make_staff("looker", "view_supplier"))

    assert create(client, supplier).status_code == 403
    assert not PortalLink.objects.exists()
