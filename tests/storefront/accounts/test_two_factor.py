from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import IntegrityError, transaction

from notifications.models import Event
from storefront.accounts import login_throttling
from storefront.accounts.models import TwoFactorEvent, User
from storefront.accounts.two_factor import enrollment, verification
from storefront.lib.security import key_rotation
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db
SECRET = enrollment.new_app_secret()


def code_at(moment, secret=SECRET):
    return verification.app_code(secret, int(moment.timestamp()) // 30)


def with_app(user, now=NOON):
    enrollment.add_app(user=user, secret=SECRET, code=code_at(now), now=now)
    return user


def events_of(user):
    return list(
        TwoFactorEvent.objects.filter(user=user).order_by("pk").values_list("what", flat=True)
    )


@pytest.fixture
def person():
    return User.objects.create_superuser("staff@fara.example", "a good password")


@pytest.fixture
def superuser():
    return User.objects.create_superuser("boss@fara.example", "a good password")


def test_app_is_added_only_with_a_code_and_its_secret_is_encrypted(person):
    with pytest.raises(verification.VerificationError):
        enrollment.add_app(user=person, secret=SECRET, code="000000", now=NOON)

    with_app(person)

    assert SECRET not in str(Authenticator.objects.get().data)
    assert events_of(person) == ["app_added"]
    assert Event.objects.filter(name="account.mfa_changed").count() == 1


def test_code_is_accepted_once_even_within_its_time_step(person):
    with_app(person)
    later = NOON + timedelta(seconds=60)

    with pytest.raises(verification.VerificationError):
        verification.verify_code(user=person, code=code_at(NOON), now=NOON)
    verification.verify_code(user=person, code=code_at(later), now=later)

    with pytest.raises(verification.VerificationError):
        verification.verify_code(user=person, code=code_at(later), now=later)


@pytest.mark.django_db(transaction=True)
def test_code_sent_twice_concurrently_is_accepted_once(person, monkeypatch):
    """Without the lock both would read the factor before either code is marked as used."""
    with_app(person)
    later = NOON + timedelta(minutes=5)
    sent = {"user": person, "code": code_at(later), "now": later}
    rival = Rival(lambda: verification.verify_code(**sent))
    rival.begin_at(monkeypatch, verification, "_fits")

    verification.verify_code(**sent)
    rival.finish()

    assert isinstance(rival.failure, verification.VerificationError)


def test_right_code_waits_after_too_many_attempts(person):
    with_app(person)
    later = NOON + timedelta(minutes=5)
    for _ in range(5):
        with pytest.raises(verification.VerificationError):
            verification.verify_code(user=person, code="000000", now=later)

    with pytest.raises(login_throttling.TooManyAttemptsError):
        verification.verify_code(user=person, code=code_at(later), now=later)
    much_later = later + timedelta(minutes=1)
    verification.verify_code(user=person, code=code_at(much_later), now=much_later)


def test_recovery_code_works_once_and_new_codes_replace_old(person):
    with_app(person)
    first = enrollment.make_codes(user=person, now=NOON)
    verification.verify_code(user=person, code=first[0], now=NOON)

    with pytest.raises(verification.VerificationError):
        verification.verify_code(user=person, code=first[0], now=NOON)
    second = enrollment.make_codes(user=person, now=NOON)
    with pytest.raises(verification.VerificationError):
        verification.verify_code(user=person, code=first[1], now=NOON)
    verification.verify_code(user=person, code=second[1], now=NOON)

    assert len(set(first) | set(second)) == 20
    assert events_of(person).count("code_used") == 2


def test_factor_is_removed_only_by_its_user_and_not_the_last_while_required(
    person, superuser, settings
):
    factor = Authenticator.objects.get(user=with_app(person))
    enrollment.make_codes(user=person, now=NOON)
    with pytest.raises(Authenticator.DoesNotExist):
        enrollment.remove(user=superuser, factor_id=factor.pk, now=NOON)
    settings.STAFF_SECOND_FACTOR = True
    with pytest.raises(enrollment.LastFactorError):
        enrollment.remove(user=person, factor_id=factor.pk, now=NOON)

    settings.STAFF_SECOND_FACTOR = False
    enrollment.remove(user=person, factor_id=factor.pk, now=NOON)

    assert not Authenticator.objects.exists()


def test_reset_needs_another_superuser_and_records_the_reason(person, superuser):
    with_app(person)
    clerk = User.objects.create_user("clerk@fara.example", "a good password", is_staff=True)
    for actor in (clerk, person):
        with pytest.raises(enrollment.NotAllowedError):
            enrollment.reset(user=person, actor=actor, reason="lost phone", now=NOON)

    enrollment.reset(user=person, actor=superuser, reason="lost phone", now=NOON)

    trace = TwoFactorEvent.objects.latest("pk")
    assert (trace.what, trace.actor, trace.reason) == ("reset", superuser, "lost phone")
    assert not enrollment.has_any(person)
    with_app(person)
    call_command("reset_two_factor", "Staff@fara.example", reason="lost phone")
    assert not enrollment.has_any(person)
    assert TwoFactorEvent.objects.latest("pk").actor is None


def test_events_are_append_only_and_outlive_their_actor(person, superuser):
    with_app(person)
    enrollment.reset(user=person, actor=superuser, reason="lost phone", now=NOON)
    trace = TwoFactorEvent.objects.filter(what="reset")
    for change in ({"reason": "x"}, {"actor": person}, {"what": "dropped"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            trace.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        TwoFactorEvent.objects.create(user=person, what="reset", at=NOON)

    superuser.delete()

    assert trace.get().actor is None


def test_factor_secrets_are_reencrypted_with_the_newest_key(person, settings):
    with_app(person)
    codes = enrollment.make_codes(user=person, now=NOON)
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *old]
    found = {each.column: each for each in key_rotation.rotate()}["mfa.Authenticator.data"]
    again = {each.column: each for each in key_rotation.rotate()}["mfa.Authenticator.data"]

    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    verification.verify_code(user=person, code=codes[0], now=NOON)

    assert (found.reencrypted, found.broken) == (2, 0)
    assert again.already_current == 2
