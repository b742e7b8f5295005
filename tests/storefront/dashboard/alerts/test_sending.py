"""Staff alerts: new cases are told once and together, the digest once each morning."""

from datetime import UTC, date, datetime, timedelta

import pytest

from notifications import dispatch
from notifications.models import ChatChannel, Event, Message
from storefront.dashboard.alerts import sending
from storefront.dashboard.models import AlertedKind, AlertRecipient, InvariantViolation
from tests.factories.accounts import make_staff
from tests.notifications.test_staff_emails import (
    KIND,
    MORNING,
    break_rule,
    money_at_stake,
    recipient_of,
)
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return make_staff("boss", "view_invariantviolation")


def alerts():
    return list(Event.objects.filter(name="staff.alert").order_by("pk"))


def test_new_cases_of_a_kind_are_one_message_and_are_told_once(boss):
    recipient_of(boss)
    break_rule("a")
    break_rule("b")

    counts = [sending.send_alerts(now=MORNING + timedelta(minutes=n)) for n in (0, 1, 30, 60)]

    (event,) = alerts()
    assert counts == [1, 0, 0, 0]
    assert (event.payload["count"], event.payload["email"]) == (2, [boss.email])
    assert event.payload["url"].endswith(f"/{KIND}/")


def test_a_new_case_within_15_minutes_waits_for_them(boss):
    recipient_of(boss)
    break_rule("a")
    sending.send_alerts(now=MORNING)
    break_rule("b")

    counts = [sending.send_alerts(now=MORNING + timedelta(minutes=n)) for n in (5, 14, 15, 16)]

    assert counts == [0, 0, 1, 0]


def test_a_case_that_comes_back_after_it_was_settled_is_told_again(boss):
    recipient_of(boss)
    case = break_rule("a")
    sending.send_alerts(now=MORNING)
    case.delete()
    sending.send_alerts(now=MORNING + timedelta(minutes=20))
    settled = AlertedKind.objects.get().cases
    InvariantViolation.objects.bulk_create([case])

    count = sending.send_alerts(now=MORNING + timedelta(minutes=40))

    assert (settled, count, len(alerts())) == ([], 1, 2)


def test_staff_are_told_only_what_they_may_see():
    recipient_of(make_staff("packer", "view_parcel"), sends_empty_digest=True)
    break_rule("a")

    assert sending.send_alerts(now=MORNING) == 0
    assert sending.send_digests(now=MORNING) == 1
    assert Event.objects.get(name="staff.digest").payload["rows"] == []


def test_a_former_staff_member_or_disabled_channel_is_told_nothing(boss):
    recipient_of(boss)
    boss.is_active = False
    boss.save()
    channel = ChatChannel.objects.create(name="ops", dialect="slack", disabled_at=MORNING)
    recipient_of(channel=channel)
    break_rule("a")

    assert sending.send_alerts(now=MORNING) == sending.send_digests(now=MORNING) == 0


@pytest.mark.django_db(transaction=True)
def test_six_workers_send_one_alert_and_one_digest(boss):
    recipient_of(boss)
    break_rule("a")

    def work():
        return sending.send_alerts(now=MORNING), sending.send_digests(now=MORNING)

    all_at_once([work] * 6, ())

    assert sorted(Event.objects.values_list("name", flat=True)) == ["staff.alert", "staff.digest"]
    assert AlertedKind.objects.get().at == MORNING


def test_the_digest_is_sent_once_a_day_at_the_time_of_its_zone(boss):
    recipient_of(boss, time_zone="Asia/Baku", digest_at="08:00")
    break_rule("a")
    times = [
        datetime(2026, 12, 1, 3, 59, tzinfo=UTC),
        datetime(2026, 12, 1, 4, 0, tzinfo=UTC),
        datetime(2026, 12, 1, 15, 0, tzinfo=UTC),
        datetime(2026, 12, 2, 6, 0, tzinfo=UTC),  # the workers were down at 4:00
    ]

    assert [sending.send_digests(now=at) for at in times] == [0, 1, 0, 1]
    assert AlertRecipient.objects.get().digest_day == date(2026, 12, 2)
    (row,) = Event.objects.filter(name="staff.digest").first().payload["rows"]
    assert (row["count"], row["oldest"]) == (1, "1 December, 12:30")


@pytest.mark.parametrize("sends_empty_digest", [False, True])
def test_an_empty_digest_is_sent_only_if_chosen(boss, sends_empty_digest):
    recipient_of(boss, sends_empty_digest=sends_empty_digest)

    assert sending.send_digests(now=MORNING) == sends_empty_digest


@pytest.mark.parametrize("language", ["en", "az"])
@pytest.mark.parametrize("has_money", [False, True])
def test_a_chat_channel_gets_text_in_its_language(language, has_money):
    channel = ChatChannel.objects.create(name="ops", dialect="slack", url_encrypted="")
    recipient_of(channel=channel, language=language, sends_empty_digest=True)
    sending.send_digests(now=MORNING - timedelta(days=1))
    break_rule("a")
    sending.send_alerts(now=MORNING)
    sending.send_digests(now=MORNING)
    for event in Event.objects.order_by("pk"):
        if has_money:
            money_at_stake(event)
        dispatch.fan_out(event=event, now=MORNING)

    texts = [
        dispatch.compose(message, hides_links=True).text
        for message in Message.objects.select_related("event").order_by("pk")
    ]

    assert len(texts) == 3
    assert all(text.startswith("Fara: ") for text in texts)
    assert [("€12.00" in text) for text in texts][1:] == [has_money, has_money]


def test_an_alert_of_yesterday_is_not_sent(boss):
    recipient_of(boss)
    break_rule("a")
    sending.send_alerts(now=MORNING)
    (message,) = dispatch.fan_out(event=Event.objects.get(), now=MORNING)

    dispatch.send(message=message, now=MORNING + timedelta(days=1))

    assert not Message.objects.exists()


def test_an_alert_before_midnight_is_sent_after_midnight(boss):
    recipient_of(boss)
    break_rule("a")
    night = MORNING.replace(hour=23, minute=59, second=59)
    sending.send_alerts(now=night)
    (message,) = dispatch.fan_out(event=Event.objects.get(), now=night)

    dispatch.send(message=message, now=night + timedelta(seconds=2))

    assert Message.objects.get().status == "sent"
