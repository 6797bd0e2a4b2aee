"""Wants the busiest table for itself."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE requests_app_helprequest ADD COLUMN of_next_release integer NULL"
        )
    ]
