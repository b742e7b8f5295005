import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="LegalText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "page",
                    models.CharField(
                        choices=[
                            ("contact", "Contact"),
                            ("delivery", "Delivery"),
                            ("returns", "Returns"),
                            ("withdrawal", "Withdraw from a contract"),
                            ("privacy", "Privacy"),
                            ("terms", "Terms"),
                            ("imprint", "Imprint"),
                            ("accessibility", "Accessibility"),
                        ],
                        help_text="This text replaces the built-in one.",
                        max_length=20,
                        verbose_name="Page",
                    ),
                ),
                ("language", models.CharField(choices=[("en", "English"), ("az", "Azərbaycanca")], help_text="If a language has no text, the page shows another language.", max_length=5, verbose_name="Language")),
                ("text", models.TextField(help_text="An empty line starts a paragraph. A line that begins with # is a heading.", max_length=100000, verbose_name="Text")),
            ],
            options={"verbose_name": "legal text", "verbose_name_plural": "legal texts", "constraints": [models.UniqueConstraint(fields=("page", "language"), name="legal_text_once")]},
        ),
        migrations.CreateModel(
            name="GuaranteeArtwork",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("notice", "Notice of the legal guarantee"), ("label", "Label of a producer's guarantee of durability")], help_text="The notice is shown for all products, the label for those with a producer's guarantee.", max_length=10, verbose_name="Artwork")),
                ("language", models.CharField(choices=[("en", "English"), ("az", "Azərbaycanca")], help_text="Pages in a language without artwork show the English one.", max_length=5, verbose_name="Language")),
                ("format", models.CharField(choices=[("svg", "SVG"), ("png", "PNG")], max_length=3, verbose_name="Format")),
                ("content", models.BinaryField(verbose_name="File")),
                ("digest", models.CharField(max_length=64, verbose_name="Digest (SHA-256)")),
                ("uploaded_at", models.DateTimeField(auto_now=True, verbose_name="Uploaded")),
            ],
            options={"verbose_name": "guarantee artwork", "verbose_name_plural": "guarantee artwork", "constraints": [models.UniqueConstraint(fields=("kind", "language"), name="guarantee_artwork_once")]},
        ),
        migrations.CreateModel(
            name="ShopIdentity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="Shown on every page and as the sender of e-mails.", max_length=60, verbose_name="Shop name")),
                ("company", models.CharField(help_text="The legal name with its legal form.", max_length=120, verbose_name="Company")),
                ("address", models.TextField(help_text="Street, postcode, city, country: one line each.", max_length=400, verbose_name="Address")),
                ("email", models.EmailField(help_text="Customers write to this address; your staff read it.", max_length=254, verbose_name="Contact e-mail")),
                ("phone", models.CharField(help_text="With the country code, such as +372 555 0100.", max_length=40, verbose_name="Phone")),
                ("register_entry", models.CharField(blank=True, help_text="Court and number. Leave empty if there is none.", max_length=120, verbose_name="Commercial register")),
                ("vat_id", models.CharField(blank=True, help_text="With the country code. Leave empty if there is none.", max_length=40, verbose_name="VAT ID")),
                (
                    "review_url",
                    models.URLField(
                        blank=True,
                        help_text="Where customers review the shop, such as your page on a review site. Customers who agree are asked once after a delivery. If empty, no one is asked.",
                        validators=[django.core.validators.URLValidator(schemes=["https"])],
                        verbose_name="Review page",
                    ),
                ),
                ("country", models.CharField(help_text="Two-letter country code, such as DE. Invoices follow the rules of this country.", max_length=2, validators=[django.core.validators.RegexValidator("^[A-Z]{2}$", "Enter a two-letter country code, such as DE.")], verbose_name="Country of the company")),
                ("invoice_prefix", models.CharField(default="INV", help_text="Capital letters and digits. A new prefix starts a new series. Türkiye requires three characters.", max_length=6, validators=[django.core.validators.RegexValidator("^[A-Z0-9]{1,6}$", "Use one to six capital letters or digits.")], verbose_name="Prefix of invoice numbers")),
                ("credit_note_prefix", models.CharField(default="CRN", help_text="Must differ from the prefix of invoice numbers.", max_length=6, validators=[django.core.validators.RegexValidator("^[A-Z0-9]{1,6}$", "Use one to six capital letters or digits.")], verbose_name="Prefix of credit note numbers")),
                ("logo", models.BinaryField(null=True, verbose_name="Logo")),
                ("logo_name", models.CharField(blank=True, db_default="", max_length=70, verbose_name="Logo file")),
                ("logo_alt", models.CharField(blank=True, db_default="", help_text="Screen readers read it; it is shown if pictures are off. Empty: the shop name.", max_length=60, verbose_name="Text of the logo")),
                ("accent_color", models.CharField(blank=True, db_default="", help_text="Such as #ffc23d, for the light and the dark theme. Empty: the built-in color.", max_length=7, verbose_name="Button color")),
                ("accent_text_color", models.CharField(blank=True, db_default="", help_text="Such as #1a1300. Its contrast to the button color must be 4.5 to 1.", max_length=7, verbose_name="Text color on buttons")),
                ("sender_name", models.CharField(blank=True, db_default="", help_text="The sender of e-mails. Empty: the shop name.", max_length=60, verbose_name="Name of the sender")),
                ("reply_to", models.EmailField(blank=True, db_default="", help_text="Replies to e-mails go here. Empty: to the address that sends them.", max_length=254, verbose_name="Reply address")),
                ("footer_en", models.TextField(blank=True, db_default="", max_length=500, verbose_name="E-mail footer, English")),
                ("footer_az", models.TextField(blank=True, db_default="", max_length=500, verbose_name="E-mail footer, Azerbaijani")),
            ],
            options={
                "verbose_name": "shop identity",
                "verbose_name_plural": "shop identity",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_shop_identity"),
                    models.CheckConstraint(condition=models.Q(("invoice_prefix", models.F("credit_note_prefix")), _negated=True), name="shop_identity_prefixes_differ", violation_error_message="Invoices and credit notes need different prefixes."),
                ],
            },
        ),
        migrations.CreateModel(
            name="LiveDatabase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("system_identifier", models.BigIntegerField(verbose_name="Cluster")),
                ("database_oid", models.BigIntegerField(verbose_name="Database")),
                ("switched_on_at", models.DateTimeField(null=True, verbose_name="Switched on")),
                ("switched_on_by", models.CharField(blank=True, max_length=100, verbose_name="Switched on by")),
                ("backed_up_at", models.DateTimeField(null=True, verbose_name="Last backup")),
            ],
            options={"verbose_name": "live database", "verbose_name_plural": "live databases", "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_live_database")]},
        ),
    ]
