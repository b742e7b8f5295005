import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from storefront.lib.security import webhook_signing

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another secret").decode()
BODY = json.dumps({"order": "FL-1", "name": "Gülnarə"}, ensure_ascii=False).encode()


def test_signature_matches_the_specification():
    signature = webhook_signing.sign(
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        body=b'{"test": 2432232314}',
        at=datetime.fromtimestamp(1614265330, UTC),
        secret=SECRET,
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_signature_matches_the_reference_library():
    theirs = Webhook(SECRET).sign("msg_1", NOON, BODY.decode())

    assert webhook_signing.sign(message_id="msg_1", body=BODY, at=NOON, secret=SECRET) == theirs


def headers(**changes):
    return (
        webhook_signing.headers_for(message_id="msg_1", body=BODY, at=NOON, secret=SECRET) | changes
    )


def check(signed_headers, *, body=BODY, secrets=(SECRET,), now=NOON):
    return webhook_signing.verify(headers=signed_headers, body=body, secrets=secrets, now=now)


def test_any_of_several_secrets_suffices():
    both = f"{headers()['webhook-signature']} v1,AAAA"

    assert check(headers(), secrets=(OTHER, SECRET)) == "msg_1"
    assert check(headers(**{"webhook-signature": both})) == "msg_1"


@pytest.mark.parametrize(
    "changed",
    [
        *({"body": body} for body in (BODY + b" ", b"", BODY.replace(b"1", b"2"), b"\xff\x00")),
        {"secrets": (OTHER,)},
        {"secrets": ()},
    ],
)
def test_changed_body_or_other_secret_has_no_valid_signature(changed):
    with pytest.raises(webhook_signing.InvalidSignatureError):
        check(headers(), **changed)


def test_timestamp_within_five_minutes_is_accepted():
    for minutes in (-5, 0, 5):
        assert check(headers(), now=NOON + timedelta(minutes=minutes)) == "msg_1"


def test_timestamp_beyond_five_minutes_is_stale():
    for seconds in (-301, 301, 86_400 * 365):
        with pytest.raises(webhook_signing.ExpiredTimestampError):
            check(headers(), now=NOON + timedelta(seconds=seconds))


def test_invalid_secret_is_refused():
    for secret in ("whsec_", "", "whsec_!!!", "whsec_a"):
        with pytest.raises(webhook_signing.InvalidSecretError):
            webhook_signing.decode_secret(secret)
