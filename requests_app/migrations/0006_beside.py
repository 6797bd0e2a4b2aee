"""Other names in the code; the columns stay as they are, for the release before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0005_come_quietly")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("queue", "asides", "beside"),
                migrations.RenameField("queue", "class_asides_at", "class_beside_at"),
                migrations.AlterField(
                    "queue",
                    "beside",
                    models.PositiveBigIntegerField(default=0, editable=False, db_column="asides"),
                ),
                migrations.AlterField(
                    "queue",
                    "class_beside_at",
                    models.PositiveBigIntegerField(
                        default=0, editable=False, db_column="class_asides_at"
                    ),
                ),
            ],
        )
    ]
