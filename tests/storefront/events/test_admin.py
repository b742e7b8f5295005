"""Event pages of staff: add, rotate, test, pause and replay a subscription; read its deliveries."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from storefront.events import subscriptions, tasks
from storefront.events.models import PublicEvent, WebhookDelivery, WebhookSubscription
from storefront.lib.security.encryption import decrypt, encrypt
from tests.factories.events import make_event, make_subscription
from tests.factories.suppliers import NOON
from tests.support.admin_forms import filled_form

pytestmark = pytest.mark.django_db
TARGET = "http://127.0.0.1:9000/hook"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


def page(name, *args):
    return reverse(f"admin:events_webhooksubscription_{name}", args=args)


def secret_of(subscription):
    return decrypt(WebhookSubscription.objects.get(pk=subscription.pk).secret_encrypted)["secret"]


def add(staff, **data):
    form = filled_form(staff.get(page("add")))
    return staff.post(page("add"), {**form, "url": TARGET, "description": "Warehouse", **data})


@pytest.fixture
def queued(monkeypatch):
    calls = []
    monkeypatch.setattr(tasks.publish, "delay", lambda: calls.append("publish"))
    return calls


def test_a_new_subscription_shows_its_secret_once(staff):
    answer = add(staff, types=["order.paid", "stock.out"])

    made = WebhookSubscription.objects.get()
    shown = staff.get(page("change", made.pk)).content.decode()
    assert SECRET.findall(answer.content.decode()) == [secret_of(made)]
    assert (made.types, made.created_by) == (["order.paid", "stock.out"], "staff@fara.example")
    assert "whsec_" not in shown


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "javascript:alert(1)", "https://"])
def test_an_address_that_is_not_allowed_is_an_error_of_its_field(staff, url):
    answer = add(staff, url=url)
    assert answer.context["adminform"].form.errors.keys() == {"url"}
    assert WebhookSubscription.objects.count() == 0


def test_a_changed_subscription_keeps_its_secret(staff):
    made = make_subscription(TARGET)
    form = filled_form(staff.get(page("change", made.pk)))
    staff.post(page("change", made.pk), {**form, "types": ["price.changed"]})
    assert (secret_of(made), WebhookSubscription.objects.get().types) == (
        made.secret,
        ["price.changed"],
    )


def test_an_address_changed_by_staff_no_longer_ends_with_an_api_key(staff):
    made = make_subscription(TARGET)
    WebhookSubscription.objects.update(api_key="fara_key_a", api_key_ends_at=NOON)
    form = filled_form(staff.get(page("change", made.pk)))

    staff.post(page("change", made.pk), {**form, "description": "ERP"})
    kept = WebhookSubscription.objects.get().api_key
    staff.post(page("change", made.pk), {**form, "url": f"{TARGET}/new"})

    changed = WebhookSubscription.objects.get()
    assert kept == "fara_key_a"
    assert (changed.url, changed.api_key, changed.api_key_ends_at) == (f"{TARGET}/new", "", None)


def test_a_secret_rotated_while_the_host_is_resolved_stays(staff, monkeypatch):
    made = make_subscription(TARGET)
    form = filled_form(staff.get(page("change", made.pk)))
    rotated = encrypt({"secret": "whsec_new"})

    def rotated_meanwhile(_url):
        WebhookSubscription.objects.update(secret_encrypted=rotated)

    monkeypatch.setattr(subscriptions, "check_address", rotated_meanwhile)
    staff.post(page("change", made.pk), {**form, "description": "ERP"})

    assert (secret_of(made), WebhookSubscription.objects.get().description) == ("whsec_new", "ERP")


def test_a_rotation_shows_the_new_secret_and_a_repeated_form_changes_nothing(staff):
    made = make_subscription(TARGET)
    form = staff.get(page("rotate", made.pk)).context["form"]
    data = {"rotated": form.initial["rotated"], "overlap": "1"}

    answer = staff.post(page("rotate", made.pk), data)
    new = secret_of(made)
    again = staff.post(page("rotate", made.pk), data, follow=True)
    unclear = staff.post(page("rotate", made.pk), {"overlap": "99"})

    assert SECRET.findall(answer.content.decode()) == [new]
    assert new != made.secret
    assert "Nothing was changed" in again.content.decode()
    assert unclear.context["form"].errors.keys() == {"overlap"}
    assert secret_of(made) == new


def test_a_form_sent_twice_at_once_rotates_once():
    """Both were compared before either rotated; the receiver still uses the first secret."""
    made = make_subscription(TARGET)
    for _number in range(2):
        subscriptions.rotate_secret(
            subscription=made, overlap=timedelta(hours=1), now=NOON, request_key="form 1"
        )
    made.refresh_from_db()
    assert decrypt(made.old_secret_encrypted)["secret"] == made.secret


def test_a_subscription_is_tested_paused_and_resumed(staff, queued):
    made = make_subscription(TARGET)
    staff.post(page("send_test", made.pk))
    staff.post(page("pause", made.pk))
    paused = WebhookSubscription.objects.get().status
    staff.post(page("resume", made.pk))

    assert (paused, WebhookSubscription.objects.get().status) == ("paused", "active")
    assert queued == ["publish"] * 2


def test_failed_events_or_those_from_a_moment_are_sent_again(staff, queued, monkeypatch):
    made = make_subscription(TARGET)
    for number in range(3):
        make_event(f"order:{number}")
    deliveries = WebhookDelivery.objects.order_by("pk")
    attempt = {"at": NOON.isoformat(), "status": None, "ms": 9, "answer": "ConnectTimeout"}
    deliveries.update(status="delivered", log=[attempt])
    deliveries.filter(pk=deliveries[0].pk).update(status="failed")
    url = page("replay", made.pk)
    field = re.search(r'<input[^>]+name="since"[^>]*>', staff.get(url).content.decode())
    assert "border" in field.group()  # a box that staff see

    failed = staff.post(url, follow=True).content.decode()
    since = staff.post(url, {"since": "2026-11-01 00:00"}, follow=True).content.decode()
    monkeypatch.setattr("storefront.events.replay.MAX_EVENTS", 2)
    WebhookDelivery.objects.update(status="delivered")
    many = staff.post(url, {"since": "2026-11-01 00:00"}, follow=True).content.decode()

    # One of them waits already, so that fewer are sent than the limit.
    deliveries.filter(pk=deliveries[0].pk).update(status="pending")
    deliveries.exclude(pk=deliveries[0].pk).update(status="delivered")
    fewer = staff.post(url, {"since": "2026-11-01 00:00"}, follow=True).content.decode()

    assert "1 event" in fewer
    assert "again, up to" in fewer
    assert "1 event is sent again." in failed
    assert "2 events are sent again." in since
    assert "2 events are sent again, up to" in many
    assert "No answer · 9 ms · ConnectTimeout" in many


def test_a_delivery_and_its_event_are_readable_and_sent_again(staff, queued):
    make_subscription(TARGET)
    make_event("order:F-1", total="39.99")
    WebhookDelivery.objects.update(
        status="failed",
        attempts=10,
        log=[{"at": NOON.isoformat(), "status": 500, "ms": 12, "answer": "Out of memory"}],
    )
    delivery, event = WebhookDelivery.objects.get(), PublicEvent.objects.get()
    list_page = reverse("admin:events_webhookdelivery_changelist")

    row = staff.get(reverse("admin:events_webhookdelivery_change", args=[delivery.pk]))
    payload = staff.get(reverse("admin:events_publicevent_change", args=[event.pk]))
    staff.post(list_page, {"action": "send_again", "_selected_action": [delivery.pk]})

    assert "500 · 12 ms · Out of memory" in staff.get(list_page).content.decode()
    assert "Out of memory" in row.content.decode()
    assert "39.99" in payload.content.decode()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("pending", 0)
