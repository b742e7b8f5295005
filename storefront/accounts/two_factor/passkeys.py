"""Passkeys: make the challenge that a browser signs, verify its response."""

from datetime import datetime
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.base import SessionBase
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from storefront.accounts.models import User
from storefront.accounts.two_factor.verification import VerificationError

CHALLENGE = "passkey_challenge"  # session key
VERIFICATION = UserVerificationRequirement.PREFERRED
# What fido2 raises for a forged or malformed browser response.
MALFORMED_ERRORS = (ValueError, TypeError, KeyError, AttributeError)


def registration_options(user: User, session: SessionBase) -> dict[str, Any]:
    """Return what the browser needs to create a passkey."""
    entity = get_adapter().get_public_key_credential_user_entity(user)
    options, session[CHALLENGE] = _server().register_begin(
        PublicKeyCredentialUserEntity(**entity),
        credentials=list(_public_keys(user).values()),
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=VERIFICATION,
        extensions={"credProps": True},
    )
    return dict(options)


def verify_registration(answer: Any, session: SessionBase) -> None:
    """Verify a new passkey for the session's challenge. Raises VerificationError."""
    try:
        _server().register_complete(session.pop(CHALLENGE, None), answer)
    except MALFORMED_ERRORS as error:
        raise VerificationError from error


def authentication_options(user: User, session: SessionBase) -> dict[str, Any]:
    """Return what the browser needs to sign in with a passkey of the user."""
    options, session[CHALLENGE] = _server().authenticate_begin(
        credentials=list(_public_keys(user).values()), user_verification=VERIFICATION
    )
    return dict(options)


def verify(*, user: User, answer: Any, session: SessionBase, now: datetime) -> None:
    """Verify the browser's response to the challenge in its session. Raises VerificationError."""
    known = _public_keys(user)
    challenge = session.pop(CHALLENGE, None)
    try:
        used = _server().authenticate_complete(challenge, list(known.values()), answer)
    except MALFORMED_ERRORS as error:
        raise VerificationError from error
    factor_id = next(pk for pk, key in known.items() if key.credential_id == used.credential_id)
    Authenticator.objects.filter(pk=factor_id).update(last_used_at=now)


def _server() -> Fido2Server:
    entity = get_adapter().get_public_key_credential_rp_entity()
    return Fido2Server(PublicKeyCredentialRpEntity(**entity))


def _public_keys(user: User) -> dict[int, AttestedCredentialData]:
    """Return the credentials of a user's passkeys by ``Authenticator`` id."""
    public_keys = {}
    for row in Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN):
        created = RegistrationResponse.from_dict(row.data["credential"])
        if public_key := created.response.attestation_object.auth_data.credential_data:
            public_keys[row.pk] = public_key
    return public_keys
