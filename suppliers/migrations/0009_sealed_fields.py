from django.db import migrations

import storefront.lib.security.encryption


class Migration(migrations.Migration):

    dependencies = [
        ('suppliers', '0008_feed_mappings_and_uploads'),
    ]

    operations = [
        migrations.AlterField(
            model_name='connection',
            name='secrets_sealed',
            field=storefront.lib.security.encryption.SealedField(blank=True),
        ),
        migrations.AlterField(
            model_name='connection',
            name='tokens_sealed',
            field=storefront.lib.security.encryption.SealedField(blank=True),
        ),
    ]
