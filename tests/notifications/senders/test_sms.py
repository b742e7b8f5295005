"""Text messages over real HTTP: to the SMS sandbox, also while it fails."""

import socket
import threading
from contextlib import closing
from dataclasses import replace
from decimal import Decimal

import pytest

from notifications.senders import OptedOutError, OutgoingMessage, sender_for, sms
from storefront.lib.http.errors import PermanentError, TemporaryError
from tests.notifications.smtp_servers import HOST, free_port

MESSAGE = OutgoingMessage(recipient="+4915123456789", text="Fara: order FL-1 is on its way.")
CALL = "Messages.json"


def send(**changes):
    return sender_for("sms").send(replace(MESSAGE, **changes))


def test_a_text_message_arrives_with_number_text_and_callback(twilio, settings):
    receipt = send()

    (message,) = twilio.messages()
    assert (message["recipient"], message["body"]) == (MESSAGE.recipient, MESSAGE.text)
    assert message["callback"] == f"{settings.PUBLIC_URL}/hooks/twilio/"
    assert (receipt.external_id, receipt.segments, receipt.cost) == (message["sid"], 1, None)


def test_the_cost_is_read_once_the_message_is_billed(twilio):
    values = {"price": "-0.00750", "price_unit": "USD"}

    assert sms.cost_of(values) == (Decimal("0.00750"), "USD")
    assert sms.cost_of(sms.read_message(send().external_id)) == (None, "")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipient": "+15005550001"}, "21211"),
        ({"recipient": "0151 23456789"}, "21211"),
        ({"recipient": "+15005550009"}, "21614"),
        ({"text": ""}, "21602"),
    ],
)
def test_an_impossible_message_is_refused_without_naming_the_number(twilio, changes, code):
    with pytest.raises(PermanentError, match=code) as refused:
        send(**changes)

    assert not isinstance(refused.value, OptedOutError)
    assert "150" not in str(refused.value).replace("15005550", "number")
    assert "number" not in str(refused.value)


def test_a_recipient_who_replied_stop_is_recognized(twilio):
    twilio.control("reply", {"from": MESSAGE.recipient, "body": "Stop"})

    with pytest.raises(OptedOutError):
        send()

    assert twilio.messages() == []


@pytest.mark.parametrize(
    ("kind", "is_unknown", "arrived"),
    [("429", False, 0), ("500", False, 0), ("drop_before", True, 0), ("drop_after", True, 1),
     ("garbage", True, 1)],
)  # fmt: skip
def test_a_temporary_failure_says_whether_the_message_may_have_been_sent(
    twilio, kind, is_unknown, arrived
):
    twilio.fault(CALL, kind)

    with pytest.raises(TemporaryError) as failed:
        send()

    assert (failed.value.is_outcome_unknown, len(twilio.messages())) == (is_unknown, arrived)


def test_a_wrong_token_is_temporary_since_it_can_be_corrected(twilio, settings):
    settings.TWILIO_AUTH_TOKEN = "old"

    with pytest.raises(TemporaryError, match="20003") as failed:
        send()

    assert not failed.value.is_outcome_unknown


def test_no_connection_is_temporary_and_a_hanging_server_leaves_the_outcome_unknown(
    twilio, settings, monkeypatch
):
    settings.TWILIO_API_URL = f"http://{HOST}:{free_port()}"
    with pytest.raises(TemporaryError) as unreachable:
        send()
    monkeypatch.setattr(sms, "READ_S", 0.2)
    with closing(socket.create_server((HOST, 0))) as server:
        settings.TWILIO_API_URL = f"http://{HOST}:{server.getsockname()[1]}"
        taken = []
        thread = threading.Thread(target=lambda: taken.append(server.accept()[0]))
        thread.start()
        with pytest.raises(TemporaryError) as hanging:
            send()
        thread.join()
        taken[0].close()

    assert not unreachable.value.is_outcome_unknown
    assert hanging.value.is_outcome_unknown


def test_an_error_of_a_proxy_leaves_the_outcome_unknown(settings, httpserver):
    settings.TWILIO_API_URL = httpserver.url_for("").rstrip("/")
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_AUTH_TOKEN = settings.TWILIO_FROM = "AC1"
    httpserver.expect_request("/2010-04-01/Accounts/AC1/Messages.json").respond_with_data(
        "<h1>Bad gateway</h1>", status=502
    )

    with pytest.raises(TemporaryError) as failed:
        send()

    assert failed.value.is_outcome_unknown


def test_a_messaging_service_replaces_the_sender_and_its_segments_are_counted_here(
    settings, httpserver
):
    settings.TWILIO_API_URL = httpserver.url_for("").rstrip("/")
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", "t"
    settings.TWILIO_FROM = "MG1"
    answer = {"sid": "SM1", "num_segments": "0", "price": None}
    httpserver.expect_request("/2010-04-01/Accounts/AC1/Messages.json").respond_with_json(
        answer, status=201
    )

    receipt = send(text="ə" * 71)
    form = httpserver.log[0][0].form

    assert (form["MessagingServiceSid"], "From" in form) == ("MG1", False)
    assert receipt.segments == 2


def test_nothing_is_sent_without_an_account():
    assert not sms.is_offered()
    with pytest.raises(PermanentError):
        send()
