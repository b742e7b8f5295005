from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0042_cart_lines_keep_their_promise"),
    ]

    operations = [
        migrations.RenameField("payment", "taking", "capture_mode"),
        migrations.AlterField(
            model_name="payment",
            name="capture_mode",
            field=models.CharField(
                choices=[("multiple", "Several captures"), ("single", "One capture")],
                default="multiple",
                max_length=10,
            ),
        ),
        migrations.RunSQL(
            "UPDATE orders_payment SET capture_mode ="
            " CASE capture_mode WHEN 'once' THEN 'single' ELSE 'multiple' END",
            migrations.RunSQL.noop,
        ),
    ]
