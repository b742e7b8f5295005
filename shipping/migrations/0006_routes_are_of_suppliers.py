from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('shipping', '0005_choices_in_words'),
        ('suppliers', '0024_routes'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name='Service')],
        ),
    ]
