"""Return label pages of staff: connect the provider, buy, void and open a label."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.urls import reverse

from orders.models import ReturnLabel, ReturnPolicy
from shipping.models import ReturnLabelAccount
from storefront.lib.security.encryption import decrypt
from tests.factories.return_labels import DPD, make_approved_return, send_label, work
from tests.factories.suppliers import NOON
from tests.fakes.label_provider import PUBLIC_KEY, SECRET_KEY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=True):
        yield


def page(name, *args):
    return reverse(f"admin:{name}", args=args)


def connect(staff, secret=SECRET_KEY):
    keys = {"public_key": PUBLIC_KEY, "secret_key": secret}
    return staff.post(page("shipping_returnlabelaccount_connect"), keys, follow=True)


def test_keys_are_stored_encrypted_after_a_test_call(admin_client, label_provider):
    refused = connect(admin_client, "a wrong key")
    assert "401" in refused.content.decode()
    assert not ReturnLabelAccount.objects.exists()

    assert "Connected." in connect(admin_client).content.decode()
    account = ReturnLabelAccount.objects.get()
    assert SECRET_KEY not in account.secret_encrypted
    assert decrypt(account.secret_encrypted) == {"secret_key": SECRET_KEY}
    listed = admin_client.get(page("shipping_returnlabelaccount_changelist")).content.decode()
    assert PUBLIC_KEY in listed
    assert "yes" in listed


def test_a_failing_provider_is_shown(admin_client, connected):
    connected.fault("500", count=0)
    account = ReturnLabelAccount.objects.get()
    url = page("shipping_returnlabelaccount_check_connection", account.pk)
    assert "HTTP 500" in admin_client.post(url, follow=True).content.decode()
    listed = admin_client.get(page("shipping_returnlabelaccount_changelist")).content.decode()
    assert "HTTP 500" in listed


def test_staff_buy_a_label_from_the_offers(admin_client, connected, started):
    authorization = make_approved_return()
    url = page("orders_returnauthorization_buy_label", authorization.pk)
    form = admin_client.get(url).context["form"]
    assert form.fields["option"].choices[0] == (DPD, "DPD Return: €5.95")
    assert form.get_initial_for_field(form.fields["payer"], "payer") == "customer"

    for _ in range(2):  # a double click
        admin_client.post(url, {"option": DPD, "payer": "customer"}, follow=True)

    label = work(ReturnLabel.objects.get(), NOON + timedelta(minutes=9))
    shown = admin_client.get(page("orders_returnauthorization_change", authorization.pk))
    assert "Open label" in shown.content.decode()
    pdf = admin_client.get(page("orders_returnauthorization_label", authorization.pk, label.pk))
    assert pdf.content.startswith(b"%PDF-")
    assert len(connected.labels()) == 1

    admin_client.post(page("orders_returnauthorization_void_label", authorization.pk), follow=True)
    assert ReturnLabel.objects.get().status == "void_requested"


def test_a_defect_offers_no_payment_by_the_customer(admin_client, connected):
    authorization = make_approved_return(kind="defect")
    url = page("orders_returnauthorization_buy_label", authorization.pk)
    form = admin_client.get(url).context["form"]
    assert [code for code, _label in form.fields["payer"].choices] == ["us", "supplier"]


@pytest.mark.parametrize(
    ("fault", "text"),
    [("500", "The label provider gave no prices"), ("", "no address for labels")],
)
def test_staff_are_told_why_no_label_can_be_bought(admin_client, connected, fault, text):
    authorization = make_approved_return()
    if fault:
        connected.fault(fault, count=0)
    else:
        ReturnPolicy.objects.update(
            label_name="", label_street="", label_postcode="", label_city="", label_country=""
        )
    url = page("orders_returnauthorization_buy_label", authorization.pk)
    assert text in admin_client.get(url).content.decode()
    refused = admin_client.post(url, {"option": DPD, "payer": "us"})
    assert refused.context["form"].errors
    assert not ReturnLabel.objects.exists()


def test_a_label_is_open_to_permitted_staff_only(client, django_user_model):
    authorization = make_approved_return()
    name = storages["private"].save("return-labels/a.pdf", ContentFile(b"%PDF-"))
    label = send_label(authorization, file=name)
    url = page("orders_returnauthorization_label", authorization.pk, label.pk)
    assert client.get(url).status_code == 302, "not signed in"
    client.force_login(django_user_model.objects.create_user("bob@example.org", is_staff=True))
    assert client.get(url).status_code == 403
    storages["private"].delete(name)


def test_buying_needs_a_permission(client, connected, django_user_model):
    authorization = make_approved_return()
    client.force_login(django_user_model.objects.create_user("bob@example.org", is_staff=True))
    url = page("orders_returnauthorization_buy_label", authorization.pk)
    assert client.post(url, {"option": DPD, "payer": "us"}).status_code == 403
