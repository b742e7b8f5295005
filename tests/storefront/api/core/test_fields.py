"""API fields: look-alikes of the documented types are refused."""

import pytest
from django.http import QueryDict
from rest_framework import serializers

from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import StrictBooleanField, StrictDecimalField, validated_query


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((StrictBooleanField(), value) for value in (0, 1, "true", "yes", [])),
        *((StrictDecimalField(max_digits=5, decimal_places=2), value) for value in (0, 1.5, True)),
    ],
)
def test_look_alikes_are_refused(field, value):
    with pytest.raises(serializers.ValidationError):
        field.run_validation(value)


class Filter(serializers.Serializer):
    status = serializers.ChoiceField(["placed"], required=False)
    order = serializers.CharField(required=False)
    since = serializers.DateTimeField(required=False)
    customer = serializers.IntegerField(required=False)


@pytest.mark.parametrize("name", ["status", "order", "since", "customer"])
def test_an_empty_filter_is_refused_and_does_not_list_everything(name):
    with pytest.raises(ProblemError) as refused:
        validated_query(Filter, QueryDict(f"{name}="))

    assert refused.value.more["errors"][0]["parameter"] == name


def test_filters_that_are_not_sent_are_missing():
    assert validated_query(Filter, QueryDict("status=placed")) == {"status": "placed"}
