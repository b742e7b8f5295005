from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0040_orders_know_their_network'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='order',
            options={
                'permissions': [
                    ('cancel_order', 'Can cancel order'),
                    ('refund_order', 'Can refund order'),
                    ('redirect_order', 'Can change the delivery address of order'),
                    ('return_order', 'Can open a return of order'),
                    ('release_order', 'Can release order from hold'),
                    ('view_costs', 'Can view costs, fees and margins of order'),
                ],
            },
        ),
    ]
