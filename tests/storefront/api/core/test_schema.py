"""API schema: links from an answer to the operations on the object that it shows."""

import pytest

from storefront.api.core.docs import schema_in

ADMIN = "/api/v1/admin"


def links_of(method, path, status):
    return schema_in("en")["paths"][f"{ADMIN}{path}"][method]["responses"][status].get("links", {})


@pytest.mark.parametrize(
    ("method", "path", "status", "name", "parameters"),
    [
        ("post", "/orders/", "201", "cancel_order", {"number": "$response.body#/number"}),
        ("post", "/bulk/stock/", "202", "list_job_rows", {"job_id": "$response.body#/id"}),
        (
            "post",
            "/purchase-orders/{number}/parcels/",
            "201",
            "deliver_parcel",
            {"parcel_id": "$response.body#/id"},
        ),
    ],
)
def test_answer_links_to_the_operations_on_its_object(method, path, status, name, parameters):
    link = links_of(method, path, status)[name]

    assert link == {"operationId": name, "parameters": parameters}


def test_each_link_names_an_operation_and_its_parameter():
    paths = schema_in("en")["paths"]
    operations = [each for methods in paths.values() for each in methods.values()]
    parameters = {
        each["operationId"]: {part["name"] for part in each.get("parameters", [])}
        for each in operations
    }
    links = [
        link
        for each in operations
        for answer in each["responses"].values()
        for link in answer.get("links", {}).values()
    ]

    assert links
    for link in links:
        assert set(link["parameters"]) <= parameters[link["operationId"]]


def test_a_list_has_no_links():
    assert links_of("get", "/orders/", "200") == {}
