import pytest
from django.urls import reverse

from storefront.accounts.models import User
from tests.factories.accounts import make_staff

pytestmark = pytest.mark.django_db


def test_staff_choose_the_language_of_their_pages_and_keep_it(client, client_factory):
    user = make_staff("clerk")
    client.force_login(user)
    start = reverse("admin:index")
    assert 'lang="en"' in client.get(start).content.decode()

    answer = client.post(
        reverse("factors:language"),
        {"language": "az"},
        headers={"referer": f"http://testserver{start}"},
    )

    assert answer.url == f"http://testserver{start}"
    elsewhere = client_factory()
    elsewhere.force_login(User.objects.get())
    assert 'lang="az"' in elsewhere.get(start).content.decode()


@pytest.mark.parametrize("language", ["de", "", "../en"])
def test_unknown_language_changes_nothing(client, language):
    client.force_login(make_staff("clerk"))

    answer = client.post(
        reverse("factors:language"),
        {"language": language},
        headers={"referer": "https://evil.example/"},
    )

    assert answer.url == reverse("admin:index")
    assert User.objects.get().language == ""
