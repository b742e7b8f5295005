"""Profile resource: read and change the customer's name, language, addresses and choices."""

from typing import Any

from django.conf import settings
from django.middleware.csrf import get_token
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import preferences
from notifications.models import Consent
from notifications.preferences import EMAIL, SMS, Kind
from notifications.senders import sms
from orders.addresses import validation
from storefront.accounts import profile
from storefront.accounts.models import SavedAddress
from storefront.api.core import idempotency, problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import (
    AddressFields,
    StrictBooleanField,
    StrictCharField,
    StrictSerializer,
    validated,
)
from storefront.api.core.idempotency import Attempt
from storefront.api.core.schema import of_path
from storefront.api.customer.sessions import CustomerEndpoint, customer_operation
from storefront.api.resources.consents import ConsentSerializer, consents_of
from storefront.lib.address import Address

ADDRESS_ID = of_path("address_id", "The address's id.", int)
WRITE_PROBLEMS = (problem_types.SIGN_IN_REQUIRED, problem_types.CSRF_FAILED)
ADDRESS_PROBLEMS = (*WRITE_PROBLEMS, problem_types.OBJECT_NOT_FOUND)
SAVE_PROBLEMS = (problem_types.TOO_MANY_ADDRESSES, problem_types.INVALID_ADDRESS)


class ProfileSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()
    name = serializers.CharField(allow_blank=True)
    language = serializers.CharField(
        allow_blank=True, help_text="Language of messages; empty: that of the page that caused it."
    )
    joined_at = serializers.DateTimeField()
    csrf_token = serializers.CharField(help_text="Send it as X-CSRFToken with each change.")


class ProfileChangeSerializer(StrictSerializer):
    """The changed fields; the others stay."""

    name = StrictCharField(max_length=120, allow_blank=True, required=False)
    language = serializers.ChoiceField([code for code, _name in settings.LANGUAGES], required=False)


class Profile(CustomerEndpoint):
    @customer_operation(
        name="get_me",
        summary="Retrieve your profile",
        description="Sign in on the website first. The session cookie identifies the customer.",
        answers={200: ProfileSerializer},
    )
    def get(self, request: Request) -> Response:
        return self._shown(request)

    @customer_operation(
        name="update_me",
        summary="Change your name or language",
        body=ProfileChangeSerializer,
        answers={200: ProfileSerializer},
        problems=WRITE_PROBLEMS,
    )
    def patch(self, request: Request) -> Response:
        changes = validated(ProfileChangeSerializer, request)
        profile.set_name_and_language(
            user=self.customer,
            name=changes.get("name", self.customer.name),
            language=changes.get("language", self.customer.language),
        )
        return self._shown(request)

    def _shown(self, request: Request) -> Response:
        user = self.customer
        shown = {
            "email": user.email,
            "name": user.name,
            "language": user.language,
            "joined_at": user.joined_at,
            "csrf_token": get_token(request._request),  # noqa: SLF001 - DRF wraps the request
        }
        return Response(ProfileSerializer(shown).data)


class SavedAddressSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    address = AddressFields()
    is_default = serializers.BooleanField()


class NewAddressSerializer(StrictSerializer):
    address = AddressFields()
    is_default = StrictBooleanField(default=False)


class SavedAddressesSerializer(serializers.Serializer[Any]):
    addresses = SavedAddressSerializer(many=True)


class AddressEndpoint(CustomerEndpoint):
    """Shared work of both address views."""

    def save(self, request: Request, *, saved_id: int | None) -> None:
        """Save a new or changed address. Raises ProblemError."""
        body = validated(NewAddressSerializer, request)
        address = Address(**body["address"])
        if errors := validation.find_errors(address=address):
            problems = [
                {"pointer": f"#/address/{field}", "detail": str(message)}
                for field, message in errors.items()
            ]
            raise ProblemError(problem_types.INVALID_ADDRESS, errors=problems)
        try:
            profile.save_address(
                user_id=self.customer.pk,
                address=address,
                is_default=body["is_default"],
                saved_id=saved_id,
            )
        except profile.TooManyAddressesError as error:
            raise ProblemError(
                problem_types.TOO_MANY_ADDRESSES, limit=profile.MAX_ADDRESSES
            ) from error
        except SavedAddress.DoesNotExist as error:
            raise ProblemError(problem_types.OBJECT_NOT_FOUND) from error

    def shown(self, *, status_code: int = status.HTTP_200_OK) -> Response:
        rows = SavedAddress.objects.filter(user=self.customer).order_by("-is_default", "pk")
        return Response(SavedAddressesSerializer({"addresses": rows}).data, status=status_code)


class AddressList(AddressEndpoint):
    @customer_operation(
        name="list_my_addresses",
        summary="List your saved addresses, the default first",
        answers={200: SavedAddressesSerializer},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF passes it
        return self.shown()

    @customer_operation(
        name="create_my_address",
        summary="Save an address",
        body=NewAddressSerializer,
        answers={201: SavedAddressesSerializer},
        problems=(*WRITE_PROBLEMS, *SAVE_PROBLEMS),
        accepts_idempotency_key=True,
    )
    def post(self, request: Request) -> Response:
        def work(_attempt: Attempt) -> Response:
            self.save(request, saved_id=None)
            return self.shown(status_code=status.HTTP_201_CREATED)

        return idempotency.run_idempotent(request, principal=self.principal, work=work)


class AddressDetail(AddressEndpoint):
    @customer_operation(
        name="update_my_address",
        summary="Change a saved address",
        parameters=(ADDRESS_ID,),
        body=NewAddressSerializer,
        answers={200: SavedAddressesSerializer},
        problems=(*ADDRESS_PROBLEMS, *SAVE_PROBLEMS),
    )
    def put(self, request: Request, address_id: int) -> Response:
        self.save(request, saved_id=address_id)
        return self.shown()

    @customer_operation(
        name="delete_my_address",
        summary="Delete a saved address",
        description="Idempotent. The oldest other address becomes the default.",
        parameters=(ADDRESS_ID,),
        answers={200: SavedAddressesSerializer},
        problems=(*WRITE_PROBLEMS, problem_types.NOT_FOUND),
    )
    def delete(self, request: Request, address_id: int) -> Response:  # noqa: ARG002
        profile.delete_address(user_id=self.customer.pk, saved_id=address_id)
        return self.shown()


class ConsentsSerializer(StrictSerializer):
    choices = ConsentSerializer(many=True, min_length=1)  # type: ignore[call-arg]  # of many


class Consents(CustomerEndpoint):
    @customer_operation(
        name="list_my_consents",
        summary="List which messages you get",
        description="Text messages are listed if the shop sends them and you gave a number.",
        answers={200: ConsentsSerializer},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF passes it
        return self._shown()

    @customer_operation(
        name="update_my_consents",
        summary="Choose which messages you get",
        body=ConsentsSerializer,
        answers={200: ConsentsSerializer},
        problems=WRITE_PROBLEMS,
    )
    def patch(self, request: Request) -> Response:
        wanted = validated(ConsentsSerializer, request)["choices"]
        recipients = self._recipients()
        errors = [
            {"pointer": f"#/choices/{index}", "detail": "You cannot choose this kind of message."}
            for index, choice in enumerate(wanted)
            if choice["channel"] not in recipients
            or choice["kind"] not in preferences.offered_kinds(choice["channel"])
        ]
        if errors:
            raise ProblemError(problem_types.INVALID_FIELDS, errors=errors)
        for channel, recipient in recipients.items():
            chosen = {
                Kind(choice["kind"]): choice["is_given"]
                for choice in wanted
                if choice["channel"] == channel
            }
            preferences.record_choices(
                recipient=recipient,
                sender=channel,
                chosen=chosen,
                source=Consent.Source.API,
                now=self.now,
            )
        return self._shown()

    def _recipients(self) -> dict[str, str]:
        recipients = {EMAIL: self.customer.email}
        if sms.is_offered() and self.customer.sms_number:
            recipients[SMS] = self.customer.sms_number
        return recipients

    def _shown(self) -> Response:
        choices = consents_of(recipients=self._recipients())
        return Response(ConsentsSerializer({"choices": choices}).data)
