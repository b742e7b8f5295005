"""Merchant API: list customer accounts, read one with its addresses, read its consents."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.preferences import EMAIL, SMS
from storefront.accounts.models import SavedAddress, User
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import AddressFields, validated_query
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.paging import PARAMETERS, list_serializer
from storefront.api.core.schema import of_path, openapi
from storefront.api.core.selection import ResourceSerializer, parameters_of
from storefront.api.models import Scope
from storefront.api.resources.consents import ConsentSerializer, consents_of

TAG = "customers"
CUSTOMER_ID = of_path("customer_id", "The customer's id.")


class CustomerAddressSerializer(ResourceSerializer):
    id = serializers.IntegerField(source="pk")
    is_default = serializers.BooleanField()
    address = AddressFields()


class CustomerSerializer(ResourceSerializer):
    """A customer account. Guests have none: find their orders by e-mail address."""

    expandable: ClassVar = ("addresses",)

    id = serializers.IntegerField(source="pk")
    email = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    sms_number = serializers.CharField(allow_blank=True)
    is_active = serializers.BooleanField()
    joined_at = serializers.DateTimeField()
    last_login = serializers.DateTimeField(allow_null=True)
    addresses = CustomerAddressSerializer(many=True)


class ConsentListSerializer(serializers.Serializer[Any]):
    consents = ConsentSerializer(many=True)


class CustomerFilter(serializers.Serializer[Any]):
    email = serializers.CharField(required=False, source="email__iexact")
    joined_since = serializers.DateTimeField(required=False, source="joined_at__gte")


class CustomerList(MerchantEndpoint):
    @openapi(
        name="list_customers",
        tag=TAG,
        summary="List customer accounts",
        answers={200: list_serializer(CustomerSerializer)},
        problems=(problem_types.INVALID_PARAMETERS,),
        parameters=(
            OpenApiParameter("email", str, description="E-mail address, in any case."),
            OpenApiParameter("joined_since", {"type": "string", "format": "date-time"}),
            *parameters_of(CustomerSerializer),
            *PARAMETERS,
        ),
        scope=Scope.CUSTOMERS_READ,
    )
    def get(self, request: Request) -> Response:
        rows = _customers().filter(**validated_query(CustomerFilter, request.query_params))
        return self.show_page(request, rows, CustomerSerializer)


class CustomerDetail(MerchantEndpoint):
    @openapi(
        name="get_customer",
        tag=TAG,
        summary="Read a customer account",
        answers={200: CustomerSerializer},
        problems=(problem_types.UNKNOWN_NUMBER, problem_types.INVALID_PARAMETERS),
        parameters=(CUSTOMER_ID, *parameters_of(CustomerSerializer)),
        scope=Scope.CUSTOMERS_READ,
        has_etag=True,
    )
    def get(self, request: Request, customer_id: int) -> Response:
        return self.show(request, _customer(customer_id), CustomerSerializer)


class CustomerConsents(MerchantEndpoint):
    @openapi(
        name="list_customer_consents",
        tag=TAG,
        summary="List which messages a customer gets",
        answers={200: ConsentListSerializer},
        problems=(problem_types.UNKNOWN_NUMBER,),
        parameters=(CUSTOMER_ID,),
        scope=Scope.CUSTOMERS_READ,
    )
    def get(self, request: Request, customer_id: int) -> Response:  # noqa: ARG002
        customer = _customer(customer_id)
        recipients = {EMAIL: customer.email, SMS: customer.sms_number}
        consents = consents_of(recipients=recipients)
        return Response(ConsentListSerializer({"consents": consents}).data)


def _customers() -> QuerySet[User]:
    addresses = Prefetch("addresses", SavedAddress.objects.order_by("-is_default", "pk"))
    return User.objects.filter(is_staff=False).prefetch_related(addresses)


def _customer(pk: int) -> User:
    customer = _customers().filter(pk=pk).first()
    if customer is None:
        raise ProblemError(problem_types.UNKNOWN_NUMBER)
    return customer
