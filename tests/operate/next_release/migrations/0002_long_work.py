"""Takes longer than a tap may (statement_timeout in the settings)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("next_release", "0001_busy_table")]

    operations = [migrations.RunSQL("SELECT pg_sleep(6)")]
