import django.contrib.postgres.indexes
import django.contrib.postgres.search
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
                ("key", models.CharField(max_length=64, unique=True, verbose_name="Key")),
                ("count", models.DecimalField(decimal_places=4, default=0, max_digits=9, verbose_name="Attempts")),
                ("last_at", models.DateTimeField(verbose_name="Last attempt")),
                ("blocked_until", models.DateTimeField(blank=True, null=True, verbose_name="Blocked until")),
                ("succeeded_at", models.DateTimeField(blank=True, null=True, verbose_name="Last success")),
            ],
            options={"verbose_name": "sign-in attempts", "verbose_name_plural": "sign-in attempts"},
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="Password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="Last sign-in")),
                ("is_superuser", models.BooleanField(default=False, help_text="If ticked, this person has all permissions.", verbose_name="Superuser")),
                ("email", models.EmailField(help_text="Used to sign in.", max_length=254, verbose_name="E-mail")),
                ("name", models.CharField(blank=True, help_text="Name shown to colleagues. Empty: the e-mail address is shown.", max_length=120, verbose_name="Name")),
                ("is_staff", models.BooleanField(default=False, help_text="If ticked, this person can open the staff pages, with the permissions below.", verbose_name="Staff account")),
                ("is_active", models.BooleanField(default=True, help_text="If not ticked, this person cannot sign in. No data is deleted.", verbose_name="Active")),
                ("joined_at", models.DateTimeField(auto_now_add=True, verbose_name="Joined")),
                ("language", models.CharField(blank=True, max_length=5, verbose_name="Language")),
                ("sms_number", models.CharField(blank=True, db_default="", max_length=16, verbose_name="Text messages to")),
                ("session_epoch", models.PositiveIntegerField(db_default=0, default=0, verbose_name="Sessions ended")),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True, help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.", related_name="user_set", related_query_name="user", to="auth.group", verbose_name="groups"
                    ),
                ),
                ("user_permissions", models.ManyToManyField(blank=True, help_text="Specific permissions for this user.", related_name="user_set", related_query_name="user", to="auth.permission", verbose_name="user permissions")),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "permissions": [("view_customer", "Can view customer page"), ("view_as_customer", "Can view the shop as customer"), ("export_customer", "Can export personal data of customer"), ("erase_customer", "Can erase customer")],
                "indexes": [models.Index(fields=["email"], name="user_by_email", opclasses=["varchar_pattern_ops"]), django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector(models.Func("name", models.Value("ƏəıİÖöÜüĞğŞşÇçÄäÅåÁáÀàÂâÃãĄąĆćČčĎďÉéÈèÊêËëĘęĚěÍíÌìÎîÏïŁłÑñŃńŇňÓóÒòÔôÕõŐőØøŘřŚśŠšŤťÚúÙùÛûŮůŰűÝýŹźŻżŽž"), models.Value("AaiIOoUuGgSsCcAaAaAaAaAaAaAaCcCcDdEeEeEeEeEeEeIiIiIiIiLlNnNnNnOoOoOoOoOoOoRrSsSsTtUuUuUuUuUuYyZzZzZz"), function="translate", output_field=models.TextField()), config="simple"), name="user_name_words")],
                "constraints": [models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="user_once_per_email", violation_error_message="Another user has this e-mail address."), models.UniqueConstraint(fields=("email",), name="user_email_unique")],
            },
        ),
        migrations.CreateModel(
            name="EmailChangeRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("old_email", models.EmailField(max_length=254, verbose_name="From")),
                ("new_email", models.EmailField(max_length=254, verbose_name="To")),
                ("key", models.CharField(max_length=40, unique=True, verbose_name="Link")),
                ("requested_at", models.DateTimeField(verbose_name="Requested")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="Confirmed")),
                ("stopped_at", models.DateTimeField(blank=True, null=True, verbose_name="Stopped from the old address")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="address_changes", to=settings.AUTH_USER_MODEL, verbose_name="User")),
            ],
            options={
                "verbose_name": "e-mail change",
                "verbose_name_plural": "e-mail changes",
                "constraints": [models.CheckConstraint(condition=models.Q(("done_at", None), ("stopped_at", None), _connector="OR"), name="email_change_ends_once")],
            },
        ),
        migrations.CreateModel(
            name="SavedAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.JSONField(verbose_name="Address")),
                ("is_default", models.BooleanField(default=False, verbose_name="Default")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="addresses", to=settings.AUTH_USER_MODEL, verbose_name="User")),
            ],
            options={"verbose_name": "saved address", "verbose_name_plural": "saved addresses", "constraints": [models.UniqueConstraint(condition=models.Q(("is_default", True)), fields=("user",), name="one_default_address")]},
        ),
        migrations.CreateModel(
            name="StaffSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField(verbose_name="Signed in")),
                ("seen_at", models.DateTimeField(verbose_name="Last request")),
                ("network", models.CharField(max_length=64, verbose_name="Network")),
                ("browser", models.CharField(blank=True, max_length=40, verbose_name="Browser")),
                ("session", models.OneToOneField(on_delete=django.db.models.deletion.DB_CASCADE, related_name="staff_session", to="sessions.session", verbose_name="Session")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name="staff_sessions", to=settings.AUTH_USER_MODEL, verbose_name="User")),
            ],
            options={"verbose_name": "staff session", "verbose_name_plural": "staff sessions"},
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
                            ("reset", "A colleague removed all second factors"),
                        ],
                        max_length=20,
                        verbose_name="What happened",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="Reason")),
                ("at", models.DateTimeField(verbose_name="When")),
                ("actor", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="Changed by")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="two_factor_events", to=settings.AUTH_USER_MODEL, verbose_name="User")),
            ],
            options={
                "verbose_name": "two-factor change",
                "verbose_name_plural": "two-factor changes",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("what__in", ["app_added", "passkey_added", "codes_made", "code_used", "dropped", "reset"])), name="two_factor_event_known"),
                    models.CheckConstraint(condition=models.Q(models.Q(("what", "reset"), _negated=True), models.Q(("reason", ""), _negated=True), _connector="OR"), name="two_factor_reset_has_reason"),
                ],
            },
        ),
    ]
