"""Passkeys: a key in software replaces the browser and its device."""

import hashlib
import json
import secrets

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from storefront.accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a good password"
SIGN_IN = "/admin/factors/sign-in/"
HERE = "https://testserver"


class SoftwareKey:
    """Answers challenges as a browser does."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)

    def create(self, options, origin=HERE):
        public_key = ES256.from_cryptography_key(self.key.public_key())
        created = AttestedCredentialData.create(Aaguid.NONE, self.id, public_key)
        flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
        data = AuthenticatorData.create(rp_hash(options["rp"]["id"]), flags, 0, created)
        client_data = CollectedClientData.create("webauthn.create", options["challenge"], origin)
        return self._answer(
            client_data, attestationObject=AttestationObject.create("none", data, {})
        )

    def sign(self, options, origin=HERE):
        data = AuthenticatorData.create(rp_hash(options["rpId"]), AuthenticatorData.FLAG.UP, 1)
        client_data = CollectedClientData.create("webauthn.get", options["challenge"], origin)
        signature = self.key.sign(data + client_data.hash, ec.ECDSA(hashes.SHA256()))
        return self._answer(client_data, authenticatorData=data, signature=signature)

    def _answer(self, client_data, **parts):
        shown = {name: websafe_encode(part) for name, part in parts.items()}
        return json.dumps(
            {
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "type": "public-key",
                "response": {"clientDataJSON": websafe_encode(client_data), **shown},
                "clientExtensionResults": {},
            }
        )


def rp_hash(domain):
    return hashlib.sha256(domain.encode()).digest()


def enter_password(client):
    client.post("/admin/login/", {"username": "staff@fara.example", "password": PASSWORD})


def options_at(client, path):
    return dict(client.get(path).context_data["options"]["publicKey"])


def is_in(client):
    return client.get("/admin/").status_code == 200


@pytest.fixture
def key():
    return SoftwareKey()


@pytest.fixture
def browser(client, key):
    """A browser in which a user with a passkey has entered only the password."""
    User.objects.create_superuser("staff@fara.example", PASSWORD)
    enter_password(client)
    made = key.create(options_at(client, "/admin/factors/passkey/"))
    client.post("/admin/factors/passkey/", {"credential": made, "name": "Key"})
    client.post("/admin/logout/")
    enter_password(client)
    assert not is_in(client)
    return client


def test_passkey_response_signs_in_once_and_its_use_is_recorded(browser, key):
    signed = key.sign(options_at(browser, SIGN_IN))

    assert browser.post(SIGN_IN, {"credential": signed}).status_code == 302
    assert is_in(browser)
    row = Authenticator.objects.get(type="webauthn")
    assert str(row) == "Key"
    assert row.last_used_at is not None
    browser.post("/admin/logout/")
    enter_password(browser)
    assert browser.post(SIGN_IN, {"credential": signed}).status_code == 422
    assert not is_in(browser)


@pytest.mark.parametrize(
    "answer",
    [
        lambda key, options: key.sign({**options, "challenge": b"x" * 32}),
        lambda key, options: key.sign(options, origin="https://evil.example"),
        lambda key, options: key.sign({**options, "rpId": "evil.example"}),
        lambda _key, options: SoftwareKey().sign(options),
        lambda key, options: stolen_id(key).sign(options),
    ],
    ids=["challenge", "origin", "domain", "unknown key", "signature"],
)
def test_wrong_response_does_not_sign_in(browser, key, answer):
    refused = browser.post(SIGN_IN, {"credential": answer(key, options_at(browser, SIGN_IN))})

    assert refused.status_code == 422
    assert not is_in(browser)


def stolen_id(key):
    other = SoftwareKey()
    other.id = key.id
    return other


@pytest.mark.parametrize("origin", [HERE, "https://evil.example"])
def test_passkey_is_created_only_for_our_domain(client, key, origin):
    User.objects.create_superuser("staff@fara.example", PASSWORD)
    enter_password(client)

    made = key.create(options_at(client, "/admin/factors/passkey/"), origin)
    client.post("/admin/factors/passkey/", {"credential": made})

    assert Authenticator.objects.filter(type="webauthn").exists() is (origin == HERE)
