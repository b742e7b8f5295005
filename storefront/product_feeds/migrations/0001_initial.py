import django.db.models.deletion
from django.db import migrations, models

import storefront.product_feeds.models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('catalog', '0002_database_objects'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProductFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('target', models.CharField(choices=[('google', 'Google Merchant Center'), ('meta', 'Meta (Facebook, Instagram)'), ('bing', 'Microsoft Merchant Center (Bing)'), ('marketplace', 'Other marketplace')], help_text='The service that reads the feed. It decides the names and values of the columns.', max_length=12, verbose_name='Reader')),
                ('file_type', models.CharField(choices=[('xml', 'XML'), ('tsv', 'TSV (tab-separated)'), ('csv', 'CSV')], help_text='Google, Meta and Microsoft read all three; XML is the safest choice.', max_length=3, verbose_name="Format of the file")),
                ('country', models.CharField(help_text='Country code, such as DE. Availability and shipping are those of this country.', max_length=2, verbose_name='Country')),
                ('language', models.CharField(choices=[('en', 'English'), ('az', 'Azərbaycanca')], help_text='Language of titles and descriptions, and of the linked pages.', max_length=5, verbose_name='Language')),
                ('key', models.CharField(default=storefront.product_feeds.models.new_key, editable=False, max_length=22, unique=True, verbose_name='Key in the address')),
                ('is_active', models.BooleanField(default=True, help_text='An inactive feed is not built, and its address answers 404.', verbose_name='Active')),
                ('file', models.CharField(blank=True, editable=False, max_length=100, verbose_name='File')),
                ('built_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='Built')),
                ('build_seconds', models.PositiveIntegerField(blank=True, editable=False, null=True, verbose_name='Duration (s)')),
                ('items', models.PositiveIntegerField(default=0, editable=False, verbose_name='Items')),
                ('excluded', models.JSONField(blank=True, default=dict, editable=False, verbose_name='Excluded')),
                ('problem', models.CharField(blank=True, editable=False, max_length=300, verbose_name='Problem')),
                ('building_until', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='Build lease ends')),
                ('channel', models.ForeignKey(db_index=False, help_text='Its published products and prices are in the feed.', on_delete=django.db.models.deletion.PROTECT, related_name='product_feeds', to='catalog.channel', verbose_name='Channel')),
            ],
            options={
                'verbose_name': 'product feed',
                'verbose_name_plural': 'product feeds',
                'constraints': [models.UniqueConstraint(fields=('channel', 'target', 'file_type', 'country', 'language'), name='product_feed_once'), models.CheckConstraint(condition=models.Q(('file', ''), ('built_at__isnull', False), _connector='OR'), name='product_feed_file_has_time')],
            },
        ),
    ]
