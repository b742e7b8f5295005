"""The dialect of 17TRACK: what is sent, how answers, faults and webhooks are read."""

import json
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

from shipping.trackers.base import TrackedNumber
from shipping.trackers.seventeen_track import parsing, statuses
from shipping.trackers.seventeen_track.client import SeventeenTrack, sign
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.observers import LoggingObserver
from storefront.lib.http.retries import time as retry_time
from storefront.lib.security.webhook_signing import InvalidHeadersError, InvalidSignatureError
from tests.fakes.tracking_provider import KEY

NUMBER = "CJPKL0000000000YQ"


def one(number=NUMBER, reference="7"):
    return TrackedNumber(number=number, reference=reference)


@pytest.fixture
def client(tracking_provider, monkeypatch):
    monkeypatch.setattr(retry_time, "sleep", lambda _s: None)
    with closing(tracking_provider.open_client()) as client:
        yield client


def test_a_number_registered_twice_is_accepted_twice(client, tracking_provider):
    (first,) = client.register([one()])
    (second,) = client.register([one()])

    assert (first.problem, second.problem) == ("", "")
    assert first.carrier_code == 190094
    assert tracking_provider.numbers() == {NUMBER: ("7", 2)}


def test_a_number_of_no_carrier_is_rejected_with_the_reason(client):
    good, bad = client.register([one(), one("NOCARRIER1")])

    assert (good.problem, bad.is_quota_used_up) == ("", False)
    assert bad.problem == "17TRACK -18019903: Carrier cannot be detected"


def test_the_used_up_quota_is_told_apart(client, tracking_provider):
    object.__setattr__(tracking_provider.state.rules, "quota", 1)

    good, later = client.register([one(), one("OTHER12345")])

    assert (good.problem, later.is_quota_used_up) == ("", True)


def test_events_are_read_with_status_time_and_place(client, tracking_provider):
    client.register([one()])
    tracking_provider.control("advance", {"number": NUMBER, "steps": 7})

    (report,) = client.read([one()])

    assert (report.number, report.reference, report.carrier_name) == (NUMBER, "7", "CJPacket")
    assert [update.status for update in reversed(report.updates)] == [
        "pre_transit",
        *(["in_transit"] * 4),
        "out_for_delivery",
        "delivered",
    ]
    last = report.updates[0]
    assert (last.text, last.place) == ("Delivered to the recipient", "Berlin")
    assert last.happened_at.tzinfo == UTC
    assert len({update.external_id for update in report.updates}) == 7


def test_an_unknown_number_is_not_registered(client):
    (report,) = client.read([one("NEVERSEEN1")])

    assert (report.is_registered, report.updates) == (False, ())


@pytest.mark.parametrize("kind", ["500", "429", "drop_before", "drop_after"])
def test_a_passing_fault_is_overcome(client, tracking_provider, kind):
    client.register([one()])
    tracking_provider.fault(kind, "gettrackinfo", count=1, delay=0)

    (report,) = client.read([one()])

    assert report.number == NUMBER


@pytest.mark.parametrize("kind", ["truncated", "garbage", "empty"])
def test_an_unreadable_answer_is_reported_without_the_key(client, tracking_provider, kind):
    tracking_provider.fault(kind, "gettrackinfo", count=1, delay=0)

    with pytest.raises(PermanentError) as caught:
        client.read([one()])

    assert KEY not in str(caught.value)


def test_a_hanging_provider_is_given_up_in_time(tracking_provider, monkeypatch):
    monkeypatch.setattr("shipping.trackers.seventeen_track.client.READ_TIMEOUT_S", 0.2)
    monkeypatch.setattr("shipping.trackers.seventeen_track.client.MAX_ATTEMPTS", 1)
    tracking_provider.fault("slow", "gettrackinfo", count=1, delay=0.6)

    with closing(tracking_provider.open_client()) as client, pytest.raises(TemporaryError):
        client.read([one()])
    time.sleep(0.6)  # the sandbox still writes its answer


def test_a_wrong_key_is_refused_without_quoting_it(tracking_provider):
    wrong = "a-wrong-key"
    refused = pytest.raises(PermanentError)
    with closing(tracking_provider.open_client(keys=[wrong])) as client, refused as caught:
        client.register([one()])

    assert "401" in str(caught.value)
    assert wrong not in str(caught.value)


def test_at_most_40_numbers_are_sent(client, tracking_provider):
    many = [one(f"NUMBER{count:05}") for count in range(41)]

    with pytest.raises(PermanentError):
        client.register(many)

    assert tracking_provider.numbers() == {}


def test_the_sandbox_refuses_what_17track_refuses(tracking_provider):
    def ask(body, **headers):
        return tracking_provider.client.post(
            "/track/v2.4/register", json=body, headers={"17token": KEY} | headers
        )

    many = [{"number": f"NUMBER{count:05}"} for count in range(41)]
    assert ask([{"number": NUMBER}], **{"17token": "x"}).status_code == 401
    assert ask(many).json()["code"] == -18010013
    assert ask({"number": NUMBER}).json()["code"] == -18010013
    rejected = ask([{"number": NUMBER, "email": "a@b.example"}, {"number": "?"}]).json()["data"]
    assert [row["error"]["code"] for row in rejected["rejected"]] == [-18010013, -18010012]
    object.__setattr__(tracking_provider.state.rules, "qps", 3)
    assert 429 in {ask([{"number": NUMBER}]).status_code for _ in range(5)}


CLIENT = SeventeenTrack(base_url="http://127.0.0.1:1", keys=["new", "old"], gate=LoggingObserver())


@pytest.mark.parametrize("key", ["new", "old"])
def test_a_webhook_signed_with_either_key_has_the_id_of_its_bytes(key):
    ids = [
        CLIENT.verify_signature(headers={"sign": sign(body, key)}, body=body)
        for body in (b"{}", b"{}", b"{} ")
    ]

    assert ids[0] == ids[1] != ids[2]


def test_forged_and_altered_webhooks_are_refused():
    good = sign(b"{}", "new")

    for error, given, body in (
        (InvalidHeadersError, "", b"{}"),
        (InvalidHeadersError, "zz", b"{}"),
        (InvalidSignatureError, "0" * 64, b"{}"),
        (InvalidSignatureError, good, b"{ }"),
        (InvalidSignatureError, sign(b"{}", "other"), b"{}"),
    ):
        with pytest.raises(error):
            CLIENT.verify_signature(headers={"sign": given}, body=body)


def test_a_stopped_number_has_ended():
    body = json.dumps({"event": "TRACKING_STOPPED", "data": {"number": NUMBER, "tag": "7"}})

    report = parsing.read_webhook(body.encode())

    assert (report.has_ended, report.reference, report.updates) == (True, "7", ())


def test_unknown_events_have_no_report():
    assert parsing.read_webhook(b'{"event": "TRACKING_RENAMED", "data": 3}') is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"event": "TRACKING_UPDATED"}',
        b'{"event": "TRACKING_UPDATED", "data": {"number": 3}}',
        b'{"event": "TRACKING_UPDATED", "data": {"number": "A", "track_info": {"tracking": 1}}}',
        b"[" * 100_000,
    ],
)
def test_malformed_webhooks_are_permanent_errors(body):
    with pytest.raises(PermanentError):
        parsing.read_webhook(body)


def test_a_number_may_have_events_of_two_carriers_and_odd_times():
    event = {"description": "Hub", "description_translation": {"description": "In the hub"}}
    legs = [
        {"provider": {"key": 190008, "name": "YunExpress"}, "events": [event]},
        {"events": [{"description": "Zugestellt", "time_iso": "2026-11-30T10:00:00+01:00"}]},
        {"events": [{"time_utc": "yesterday", "stage": "Returning"}]},
    ]
    item = {"number": NUMBER, "track_info": {"tracking": {"providers": legs}}}

    (report,) = parsing.read_reports({"code": 0, "data": {"accepted": [item]}})

    assert (report.carrier_code, report.carrier_name) == (190008, "YunExpress")
    assert [(update.status, update.text) for update in report.updates] == [
        ("in_transit", "In the hub"),
        ("unknown", "Zugestellt"),
        ("return_to_sender", ""),
    ]
    assert [update.happened_at for update in report.updates] == [
        None,
        datetime(2026, 11, 30, 9, tzinfo=UTC),
        None,
    ]


def test_an_error_of_the_whole_call_is_raised():
    for code, kind in ((-18010003, TemporaryError), (-18010004, PermanentError)):
        answer = {"code": code, "data": {"errors": [{"code": code, "message": "no"}]}}
        with pytest.raises(kind):
            parsing.read_registrations(answer)
    with pytest.raises(PermanentError):
        parsing.read_reports({"code": 0})


@pytest.mark.parametrize(
    ("sub_status", "status"),
    [
        ("NotFound_InvalidCode", "unknown"),
        ("InfoReceived", "pre_transit"),
        ("InTransit_PickedUp", "in_transit"),
        ("AvailableForPickup_Other", "available_for_pickup"),
        ("DeliveryFailure_Other", "attempt_failed"),
        ("Exception_Damage", "exception"),
        ("Exception_Returned", "return_to_sender"),
        ("Exception_Lost", "lost"),
        ("Expired_Other", "expired"),
    ],
)
def test_sub_statuses_are_mapped(sub_status, status):
    assert statuses.status_of(sub_status=sub_status, stage="Delivered", text="Lost") == status
