"""Merchant API: list customer accounts, read one with its addresses, read its consents."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.preferences import EMAIL, SMS
from storefront.accounts.models import SavedAddress, User
from storefront.api.core import problem_types
from storefront.api.core.fields import AddressFields, validated_query
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation
from storefront.api.core.schema import of_path, openapi
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.views import find_row
from storefront.api.models import Scope
from storefront.api.resources.consents import ConsentSerializer, consents_of

TAG = "customers"
CUSTOMER_ID = of_path("customer_id", "The customer's id.", int)


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
    email = serializers.CharField(
        required=False, source="email__iexact", help_text="E-mail address, in any case."
    )
    joined_since = serializers.DateTimeField(required=False, source="joined_at__gte")


class CustomerList(MerchantEndpoint):
    @list_operation(
        name="list_customers",
        tag=TAG,
        summary="List customer accounts",
        serializer=CustomerSerializer,
        filters=(CustomerFilter,),
        scope=Scope.CUSTOMERS_READ,
    )
    def get(self, request: Request) -> Response:
        rows = customer_rows().filter(**validated_query(CustomerFilter, request.query_params))
        return self.show_page(request, rows, CustomerSerializer)


class CustomerDetail(MerchantEndpoint):
    @read_operation(
        name="get_customer",
        tag=TAG,
        summary="Retrieve a customer account",
        serializer=CustomerSerializer,
        parameters=(CUSTOMER_ID,),
        scope=Scope.CUSTOMERS_READ,
    )
    def get(self, request: Request, customer_id: int) -> Response:
        return self.show(request, _customer(customer_id), CustomerSerializer)


class CustomerConsents(MerchantEndpoint):
    @openapi(
        name="list_customer_consents",
        tag=TAG,
        summary="List which messages a customer gets",
        answers={200: ConsentListSerializer},
        problems=(problem_types.OBJECT_NOT_FOUND,),
        parameters=(CUSTOMER_ID,),
        scope=Scope.CUSTOMERS_READ,
    )
    def get(self, request: Request, customer_id: int) -> Response:  # noqa: ARG002
        customer = _customer(customer_id)
        recipients = {EMAIL: customer.email, SMS: customer.sms_number}
        consents = consents_of(recipients=recipients)
        return Response(ConsentListSerializer({"consents": consents}).data)


def customer_rows() -> QuerySet[User]:
    addresses = Prefetch("addresses", SavedAddress.objects.order_by("-is_default", "pk"))
    return User.objects.filter(is_staff=False).prefetch_related(addresses)


def _customer(pk: int) -> User:
    return find_row(customer_rows(), pk=pk)
