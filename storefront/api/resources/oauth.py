"""Access tokens: exchange an API key for a short-lived token (OAuth 2.0 client credentials)."""

import base64
from collections.abc import Mapping
from typing import Any, cast

from django.core.exceptions import TooManyFieldsSent
from django.utils import timezone
from rest_framework import serializers
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response

from storefront.api.core import api_keys, problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.schema import openapi
from storefront.api.core.views import Endpoint

GRANT = "client_credentials"


class TokenFormSerializer(serializers.Serializer[Any]):
    """Form fields of RFC 6749. The client ID and secret may also be sent as HTTP Basic."""

    grant_type = serializers.ChoiceField(choices=[GRANT])
    client_id = serializers.CharField(required=False, help_text="Prefix of the API key.")
    client_secret = serializers.CharField(required=False, help_text="The API key.")
    scope = serializers.CharField(
        required=False, help_text="Scopes, separated by spaces. Default: all of the key."
    )


class TokenSerializer(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds.")
    scope = serializers.CharField()


class AccessToken(Endpoint):
    parser_classes = [FormParser]

    @openapi(
        name="create_access_token",
        tag="authentication",
        summary="Exchange an API key for an access token",
        description="OAuth 2.0 client credentials, for programs that cannot send an API key. Errors"
        " have the member error of RFC 6749.",
        answers={200: TokenSerializer},
        problems=(problem_types.INVALID_CLIENT, problem_types.INVALID_TOKEN_REQUEST),
        body=TokenFormSerializer,
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        try:
            form = cast("Mapping[str, str]", request.data)
        except TooManyFieldsSent as error:
            raise _refusal("invalid_request") from error
        if form.get("grant_type") != GRANT:
            raise _refusal("unsupported_grant_type")
        client_id, secret = _credentials(request, form)
        key = api_keys.find_key(secret, now=now)
        if key is None or key.prefix != client_id:
            raise ProblemError(problem_types.INVALID_CLIENT, error="invalid_client")
        scopes = form.get("scope", "").split() or key.scopes
        if not set(scopes) <= set(key.scopes):
            raise _refusal("invalid_scope")
        token = {
            "access_token": api_keys.issue_token(key=key, scopes=scopes, now=now),
            "token_type": "Bearer",
            "expires_in": int(api_keys.TOKEN_TTL.total_seconds()),
            "scope": " ".join(sorted(scopes)),
        }
        return Response(token)


def _credentials(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Return client ID and secret from HTTP Basic or the form."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:  # not Base64, or not text
        return "", ""
    return client_id, secret


def _refusal(error: str) -> ProblemError:
    return ProblemError(problem_types.INVALID_TOKEN_REQUEST, error=error)
