from email.message import EmailMessage

import pytest

from tests.factories.catalog import make_channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(db, settings):
    make_channel()  # every page needs a channel
    message = EmailMessage()
    message["Subject"] = "Order FL-1 is placed <b>"
    message["To"] = "erika@example.org"
    message.set_content("In plain words.")
    message.add_alternative(
        "<p style='color:red'>In color.</p><script>1</script><img src='cid:notice'>", subtype="html"
    )
    message.add_attachment(b"png", maintype="image", subtype="png", cid="<notice>")
    settings.MAILBOX_DIR.mkdir()
    (settings.MAILBOX_DIR / "0001.eml").write_bytes(bytes(message))


def test_emails_are_listed_and_shown(client, letter):
    listed = client.get("/dev/mailbox/").content.decode()
    read = client.get("/dev/mailbox/0001/").content.decode()

    assert "Order FL-1 is placed &lt;b&gt;" in listed
    assert "In plain words." in read
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in read


def test_html_of_an_email_is_shown_in_its_own_sandbox(client, letter):
    response = client.get("/dev/mailbox/0001/html/")

    policy = response["Content-Security-Policy"]
    assert "In color." in response.content.decode()
    assert "sandbox allow-popups" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "data:image/png;base64,cG5n" in response.content.decode()
    assert response["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    "path", ["/dev/mailbox/none/", "/dev/mailbox/..%2F..%2Fsecret/", "/dev/mailbox/none/html/"]
)
def test_unknown_email_is_not_found(client, letter, path):
    assert client.get(path).status_code == 404


def test_production_has_no_mailbox(client, letter, settings):
    settings.ENVIRONMENT = "production"

    for path in ("/dev/mailbox/", "/dev/mailbox/0001/", "/dev/mailbox/0001/html/"):
        assert client.get(path).status_code == 404
