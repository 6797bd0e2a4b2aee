"""An upgrade without a pause: old workers serve while the database is already the new one's."""

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from tests.operate import additive, released

#: (migration, the complaint up to its colon) → why workers of the former release do not trip over
#: it. What stands here is taken out with the release that has it.
JUDGED: dict[tuple[str, str], str] = {}


def new_migrations() -> dict[str, list[str]]:
    """Those that came after the release → what is to be said against them."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    known = released.manifest()["migrations"]
    return {
        f"{app}.{name}": additive.complaints(
            loader.disk_migrations[app, name], loader.project_state((app, name), at_end=False)
        )
        for app, name in sorted(loader.disk_migrations)
        if f"{app}.{name}" not in known
    }


def test_what_was_released_stays_as_it_is():
    """Whoever has run a migration never runs it again: an edit would reach new databases alone."""
    assert released.differences(released.manifest()["migrations"], released.migrations()) == []


def test_an_edit_and_a_removal_of_a_released_migration_are_found():
    now = released.migrations()
    edited = now | {"classrooms.0001_initial": "0" * 64}
    assert released.differences(now, edited) == ["classrooms.0001_initial was edited"]
    del edited["classrooms.0001_initial"]
    assert released.differences(now, edited) == ["classrooms.0001_initial is gone"]
    ours = [name for name, digest in now.items() if digest]
    assert {name.partition(".")[0] for name in ours} >= {"accounts", "classrooms", "requests_app"}


def test_workers_of_the_former_release_can_live_with_each_new_migration():
    said = {
        (name, complaint.partition(":")[0])
        for name, complaints in new_migrations().items()
        for complaint in complaints
    }
    assert said - set(JUDGED) == set(), "docs/how-it-works.md, Migrations, says what to do"
    assert set(JUDGED) - said == set(), "nothing is to be said against these any more"


# --- Each kind of trouble is found -------------------------------------------


def steps_on_a_card(*steps, atomic=True) -> list[str]:
    """What is said against these steps, on a model with a column of each kind."""
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=10)),
        ("note", models.CharField(max_length=10, db_default="")),
        ("size", models.IntegerField(null=True)),
    ]
    state = ProjectState()
    state.add_model(ModelState("cards", "Card", fields))
    migration = migrations.Migration("0002_next", "cards")
    migration.operations, migration.atomic = steps, atomic
    return additive.complaints(migration, state)


def changed(name, field):
    return migrations.AlterField("card", name, field)


def added(field):
    return migrations.AddField("card", "more", field)


FORGET_NAME, FORGET_NOTE = (
    migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("card", name)])
    for name in ("name", "note")
)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (added(models.IntegerField(default=0)), "it needs a db_default"),
        (added(models.IntegerField(db_default=0, unique=True)), "the second row"),
        (changed("size", models.IntegerField()), "NOT NULL"),
        (changed("size", models.IntegerField(db_default=0)), "NOT NULL"),
        (changed("note", models.CharField(max_length=10)), "does not fill itself"),
        (changed("name", models.CharField(max_length=10, unique=True)), "is unique"),
        (changed("name", models.CharField(max_length=9)), "holds something else"),
        (changed("size", models.PositiveIntegerField(null=True)), "holds something else"),
        (changed("name", models.CharField(max_length=10, db_column="n")), "another name"),
        (migrations.RemoveField("card", "size"), "may still need"),
        (migrations.RenameField("card", "size", "width"), "may still need"),
        (migrations.RenameModel("Card", "Sheet"), "may still need"),
        (migrations.DeleteModel("Card"), "may still need"),
        (migrations.AlterModelTable("Card", "sheets"), "may still need"),
        (migrations.RunSQL("DROP TABLE cards_card"), "may still need"),
        (migrations.AlterUniqueTogether("card", {("name", "size")}), "may still need"),
        (
            migrations.AddConstraint(
                "card", models.UniqueConstraint(fields=["name"], name="one_of_a_name")
            ),
            "may still need",
        ),
        (FORGET_NAME, "rows written without it"),
        (
            migrations.SeparateDatabaseAndState(
                database_operations=[migrations.RemoveField("card", "size")]
            ),
            "may still need",
        ),
    ],
)
def test_what_old_workers_trip_over_is_found(step, words):
    said = steps_on_a_card(step)
    assert any(words in each for each in said), said


@pytest.mark.parametrize(
    "step",
    [
        added(models.IntegerField(null=True)),
        added(models.OneToOneField("cards.Card", models.CASCADE, null=True)),
        added(models.IntegerField(db_default=0)),
        added(models.ManyToManyField("cards.Card")),
        changed("name", models.CharField(max_length=20)),
        changed("name", models.TextField()),
        changed("name", models.CharField(max_length=10, choices=[("a", "A")], db_default="")),
        migrations.CreateModel("Box", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddIndex("card", models.Index(fields=["size"], name="by_size")),
        FORGET_NOTE,
    ],
)
def test_what_old_workers_do_not_notice_is_let_through(step):
    assert steps_on_a_card(step) == []


def test_data_is_changed_apart_and_in_transactions_of_its_own():
    count = migrations.RunPython(migrations.RunPython.noop)
    assert steps_on_a_card(count, atomic=False) == []
    assert len(steps_on_a_card(count)) == 1
    assert len(steps_on_a_card(count, added(models.IntegerField(null=True)))) == 2
