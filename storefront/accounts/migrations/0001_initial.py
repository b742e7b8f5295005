import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("auth", "0012_alter_user_first_name_max_length"), ("sessions", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="LoginAttempts",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                ("count", models.DecimalField(decimal_places=4, default=0, max_digits=9)),
                ("last_at", models.DateTimeField()),
                ("blocked_until", models.DateTimeField(blank=True, null=True)),
                ("succeeded_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"verbose_name_plural": "sign-in attempts"},
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("is_superuser", models.BooleanField(default=False, help_text="Designates that this user has all permissions without explicitly assigning them.", verbose_name="superuser status")),
                ("email", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("is_staff", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("joined_at", models.DateTimeField(auto_now_add=True)),
                ("language", models.CharField(blank=True, max_length=5)),
                ("session_epoch", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True, help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.", related_name="user_set", related_query_name="user", to="auth.group", verbose_name="groups"
                    ),
                ),
                ("user_permissions", models.ManyToManyField(blank=True, help_text="Specific permissions for this user.", related_name="user_set", related_query_name="user", to="auth.permission", verbose_name="user permissions")),
            ],
            options={"constraints": [models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="user_once_per_email"), models.UniqueConstraint(fields=("email",), name="user_email_unique")]},
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("marketing_email", "News and offers by e-mail")], max_length=20)),
                ("is_given", models.BooleanField()),
                ("source", models.CharField(max_length=40)),
                ("at", models.DateTimeField()),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="consents", to=settings.AUTH_USER_MODEL)),
            ],
            options={"indexes": [models.Index(fields=["user", "kind", "-id"], name="consent_last")], "constraints": [models.CheckConstraint(condition=models.Q(("kind__in", ["marketing_email"])), name="consent_kind_known")]},
        ),
        migrations.CreateModel(
            name="EmailChangeRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("old_email", models.EmailField(max_length=254)),
                ("new_email", models.EmailField(max_length=254)),
                ("key", models.CharField(max_length=40, unique=True)),
                ("asked_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="address_changes", to=settings.AUTH_USER_MODEL)),
            ],
            options={"constraints": [models.CheckConstraint(condition=models.Q(("done_at", None), ("stopped_at", None), _connector="OR"), name="email_change_ends_once")]},
        ),
        migrations.CreateModel(
            name="SavedAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.JSONField()),
                ("is_default", models.BooleanField(default=False)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="addresses", to=settings.AUTH_USER_MODEL)),
            ],
            options={"verbose_name_plural": "saved addresses", "constraints": [models.UniqueConstraint(condition=models.Q(("is_default", True)), fields=("user",), name="one_default_address")]},
        ),
        migrations.CreateModel(
            name="StaffSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("network", models.CharField(max_length=64)),
                ("browser", models.CharField(blank=True, max_length=40)),
                ("session", models.OneToOneField(on_delete=django.db.models.deletion.DB_CASCADE, related_name="staff_session", to="sessions.session")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name="staff_sessions", to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name="TwoFactorEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("app_added", "An authenticator app was added"),
                            ("passkey_added", "A passkey was added"),
                            ("codes_made", "New recovery codes were made"),
                            ("code_used", "A recovery code was used"),
                            ("dropped", "An app or a passkey was removed"),
                            ("reset", "A colleague removed all of them"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField()),
                ("actor", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="two_factor_events", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("what__in", ["app_added", "passkey_added", "codes_made", "code_used", "dropped", "reset"])), name="two_factor_event_known"),
                    models.CheckConstraint(condition=models.Q(models.Q(("what", "reset"), _negated=True), models.Q(("reason", ""), _negated=True), _connector="OR"), name="two_factor_reset_has_reason"),
                ]
            },
        ),
    ]
