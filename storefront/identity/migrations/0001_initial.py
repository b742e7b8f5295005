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
                        max_length=20,
                    ),
                ),
                ("language", models.CharField(choices=[("en", "English"), ("az", "Azərbaycanca")], max_length=5)),
                ("text", models.TextField(max_length=100000)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("page", "language"), name="legal_text_once")]},
        ),
        migrations.CreateModel(
            name="ShopIdentity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("company", models.CharField(max_length=120)),
                ("address", models.TextField(max_length=400)),
                ("email", models.EmailField(max_length=254)),
                ("phone", models.CharField(max_length=40)),
                ("register_entry", models.CharField(blank=True, max_length=120)),
                ("vat_id", models.CharField(blank=True, max_length=40)),
            ],
            options={"verbose_name_plural": "shop identity", "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_shop_identity")]},
        ),
    ]
