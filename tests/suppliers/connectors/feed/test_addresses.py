import pytest

from storefront.lib.http.errors import ExternalServiceError, PermanentError
from suppliers.connectors.feed import fetch
from suppliers.connectors.feed.options import Content
from tests.factories.connector_contexts import make_context

pytestmark = pytest.mark.django_db
SECRETS = {"token": "s3cret", "user": "shop", "password": "open sesame"}


def fetched(context):
    return fetch.fetch(context, content=Content.PRODUCTS)


@pytest.fixture
def context_for(httpserver, tmp_path):
    def make(place, *, secrets=SECRETS, base_url=None):
        return make_context(
            base_url or httpserver.url_for("/feeds/"),
            secrets=secrets,
            options={"products_at": place},
            folder=tmp_path,
        )

    return make


def elsewhere(httpserver):
    return httpserver.url_for("/p.csv").replace("localhost", "127.0.0.1")


@pytest.mark.parametrize("ask", [fetch.check_exists, fetched])
@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1:{port}/p.csv?k={token}",
        "//127.0.0.1:{port}/p.csv",
        "http://localhost:1/p.csv",
        "https://localhost:{port}/p.csv",
        "http://localhost:{port}@127.0.0.1:{port}/p.csv",
        "http://localhost:{token}/p.csv",
    ],
)
@pytest.mark.parametrize("secrets", [SECRETS, {"token": "s3cret"}])
def test_another_host_gets_no_secret(httpserver, context_for, ask, place, secrets):
    httpserver.expect_request("/p.csv").respond_with_data("SKU\n1\n")
    place = place.replace("{port}", str(httpserver.port))

    with pytest.raises(PermanentError) as refusal:
        ask(context_for(place, secrets=secrets))

    assert refusal.value.code == "bad_options"
    assert "s3cret" not in str(refusal.value)
    assert not httpserver.log


def test_full_url_of_the_same_host_gets_secrets_and_of_another_host_none(httpserver, context_for):
    httpserver.expect_request("/p.csv", query_string="k=s3cret").respond_with_data("SKU\n1\n")
    httpserver.expect_request("/p.csv").respond_with_data("SKU\n2\n")

    same = fetched(context_for(httpserver.url_for("/p.csv?k={token}")))
    other = fetched(context_for(elsewhere(httpserver), secrets={}))

    assert (same.path.read_text(), other.path.read_text()) == ("SKU\n1\n", "SKU\n2\n")


@pytest.mark.parametrize(
    "token", ["swordfish", "0123456789abcdef0123456789abcdef", "a key/with it"]
)
@pytest.mark.parametrize("status", [200, 403, 503])
def test_token_in_a_path_is_hidden(httpserver, context_for, token, status):
    httpserver.expect_request(f"/feeds/dl/{token}/p.csv").respond_with_data("SKU\n", status=status)
    context = context_for("dl/{token}/p.csv", secrets={"token": token})

    errors = []
    for ask in (fetch.check_exists, fetched):
        try:
            ask(context)
        except ExternalServiceError as error:
            errors.append(str(error))

    assert context.gate.calls == ["HEAD /feeds/dl/…/p.csv?…", "GET /feeds/dl/…/p.csv"]
    assert len(errors) == (0 if status == 200 else 2)
    assert token not in "".join(errors)
