"""Staff configure competitor price sources and see the last result."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from catalog.competitors import source_admin, tasks
from catalog.models import CompetitorSource
from storefront.lib.security.encryption import decrypt, encrypt
from tests.factories.catalog import NOON
from tests.support.admin_forms import row_page

pytestmark = pytest.mark.django_db
ADD = reverse("admin:catalog_competitorsource_add")
FORM = {
    "name": "watch",
    "url": "https://watch.example/prices.csv",
    "list_format": "csv",
    "interval_minutes": 60,
    "is_enabled": "on",
    "header": "",
    "secret": "",
}


def shown(answer):
    return unescape(answer.content.decode())


@pytest.fixture
def source():
    return CompetitorSource.objects.create(
        name="watch",
        url="https://watch.example/prices.csv",
        header="X-Api-Key",
        secret_encrypted=encrypt({"value": "swordfish-17"}),
        due_at=NOON,
        problem="GET /prices.csv: HTTP 500",
        failing_since=NOON,
        validators={"etag": '"1"'},
    )


def test_a_new_source_is_fetched_at_once(staff):
    answer = staff.post(ADD, FORM | {"header": "X-Api-Key", "secret": "swordfish-17"})

    assert answer.status_code == 302
    source = CompetitorSource.objects.get()
    assert (source.url, source.interval_minutes) == ("https://watch.example/prices.csv", 60)
    assert decrypt(source.secret_encrypted) == {"value": "swordfish-17"}
    assert source.due_at <= timezone.now()


def test_the_result_is_shown_and_the_secret_is_not(staff, source):
    answer = shown(staff.get(row_page(source)))

    assert "GET /prices.csv: HTTP 500" in answer
    assert 'name="secret"' in answer
    assert "swordfish" not in answer
    assert source.secret_encrypted not in answer


def test_an_empty_secret_keeps_the_stored_one(staff, source):
    staff.post(row_page(source), FORM | {"header": "X-Api-Key", "interval_minutes": 30})

    source.refresh_from_db()
    assert source.interval_minutes == 30
    assert decrypt(source.secret_encrypted) == {"value": "swordfish-17"}


def test_fields_that_a_worker_writes_during_a_save_are_kept(staff, source, monkeypatch):
    real = source_admin.CompetitorSourceForm.encrypted_secret

    def update_and_encrypt(form):
        CompetitorSource.objects.update(problem="", validators={"etag": '"2"'})
        return real(form)

    monkeypatch.setattr(source_admin.CompetitorSourceForm, "encrypted_secret", update_and_encrypt)

    staff.post(row_page(source), FORM | {"header": "X-Api-Key", "interval_minutes": 30})

    source.refresh_from_db()
    assert source.interval_minutes == 30
    assert (source.problem, source.validators) == ("", {"etag": '"2"'})


def test_a_secret_without_a_header_is_deleted(staff, source):
    staff.post(row_page(source), FORM)

    source.refresh_from_db()
    assert (source.header, source.secret_encrypted) == ("", "")


def test_another_address_requires_the_secret_again(staff, source):
    elsewhere = FORM | {"url": "https://thief.example/", "header": "X-Api-Key"}

    refused = staff.post(row_page(source), elsewhere)
    accepted = staff.post(row_page(source), elsewhere | {"secret": "another-1"})

    assert "The URL changed. Enter the secret again." in shown(refused)
    assert accepted.status_code == 302
    source.refresh_from_db()
    assert decrypt(source.secret_encrypted) == {"value": "another-1"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "watch.example"}, "Enter a URL"),
        ({"url": "ftp://watch.example/x"}, "Enter a URL"),
        ({"url": "https://me:pw@watch.example/"}, "Enter a URL"),
        ({"url": "https://watch.example/a b"}, "Enter a URL"),
        ({"interval_minutes": 1}, "greater than or equal to 5"),
        ({"interval_minutes": 99_999}, "less than or equal to 4320"),
        ({"secret": "swordfish"}, "Enter the header for the secret."),
        ({"header": "X-Api-Key"}, "Enter the secret, or leave the header empty."),
        ({"header": "Host", "secret": "swordfish"}, "This header cannot carry a secret."),
        ({"header": "User-Agent", "secret": "swordfish"}, "This header cannot carry a secret."),
        ({"header": "X: y", "secret": "swordfish"}, "This header cannot carry a secret."),
        ({"header": "X-Api-Key", "secret": "x\u00e9"}, "ASCII letters, digits and symbols only"),
        ({"header": "X-Api-Key", "secret": "fishy"}, "at least 6 characters"),
    ],
)
def test_invalid_input_is_explained_at_its_field(staff, changes, words):
    answer = staff.post(ADD, FORM | changes)

    assert words in shown(answer)
    assert not CompetitorSource.objects.exists()


def test_production_requires_https(staff, settings):
    settings.IS_PRODUCTION = True

    answer = staff.post(ADD, FORM | {"url": "http://watch.example/prices.csv"})

    assert "The URL must begin with https" in shown(answer)
    assert not CompetitorSource.objects.exists()


def test_staff_can_fetch_a_source_at_once(staff, source, monkeypatch):
    started = []
    monkeypatch.setattr(tasks.fetch_source, "delay", lambda **known: started.append(known))
    CompetitorSource.objects.update(due_at=timezone.now() + timedelta(hours=9))

    staff.post(row_page(source, "fetch_now"))

    source.refresh_from_db()
    assert source.due_at <= timezone.now()
    assert started == [{"source_id": source.pk}]


def test_a_disabled_source_cannot_be_fetched(staff, source):
    link = re.compile(re.escape(row_page(source, "fetch_now")))
    assert link.search(shown(staff.get(row_page(source))))

    CompetitorSource.objects.update(is_enabled=False)

    assert not link.search(shown(staff.get(row_page(source))))
