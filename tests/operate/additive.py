"""Which migrations the workers of the former release can live with while they still serve.

They know nothing of what is new: they write rows without the new columns, and read and write the
old ones as before. Whatever is not known to be harmless for them is refused.
"""

import re
from collections.abc import Iterator, Sequence

from django.db import connection
from django.db.migrations import operations as op
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field

#: What old workers do not notice: none of it takes away or forbids anything that they use.
HARMLESS = (
    op.CreateModel, op.AddIndex, op.RemoveIndex, op.RenameIndex, op.RemoveConstraint,
    op.AlterModelOptions, op.AlterModelManagers, op.AlterModelTableComment,
)  # fmt: skip


def complaints(migration: Migration, state: ProjectState) -> list[str]:
    """One sentence for each step that workers of the former release may trip over; ``state``: what
    the models are before it, and is left alone."""
    found = []
    if any(isinstance(each, op.RunPython) for each in migration.operations):
        found += _of_data(migration)
    found += _of_steps(migration.operations, migration.app_label, state.clone())
    return found


def _of_data(migration: Migration) -> Iterator[str]:
    """Data is changed in small transactions of its own, so that no tap waits for the whole, and
    whoever runs ``migrate`` again after an interruption goes on where it stopped."""
    if not all(isinstance(each, op.RunPython) for each in migration.operations):
        yield "RunPython needs a migration of its own: it would hold the locks of the other steps"
    if migration.atomic:
        yield "RunPython needs atomic = False: in one transaction taps would wait for all of it"


def _of_steps(steps: Sequence[Operation], app: str, state: ProjectState) -> Iterator[str]:
    for step in steps:
        before = state.clone()
        step.state_forwards(app, state)
        if isinstance(step, op.SeparateDatabaseAndState):
            yield from _of_steps(step.database_operations, app, before.clone())
            yield from _of_models(step.state_operations, app, before.clone())
        elif isinstance(step, op.AddField):
            yield from _of_new(step, _field(state, app, step))
        elif isinstance(step, op.AlterField):
            yield from _of_changed(step, _field(before, app, step), _field(state, app, step))
        elif not isinstance(step, (*HARMLESS, op.RunPython)):
            yield f"{step.describe()}: the former release may still need what was"


def _of_models(steps: Sequence[Operation], app: str, state: ProjectState) -> Iterator[str]:
    """Steps of the models alone. A column that the models forget must fill itself."""
    for step in steps:
        if isinstance(step, op.RemoveField) and not _fills_itself(_field(state, app, step)):
            yield f"{step.describe()}: rows written without it need a db_default, or null=True"
        step.state_forwards(app, state)


def _of_new(step: op.AddField, field: Field) -> Iterator[str]:
    if not _fills_itself(field):
        yield f"{step.describe()}: it needs a db_default, or null=True"
    elif field.unique and not field.null:
        yield f"{step.describe()}: the second row that is written without it would be refused"


def _of_changed(step: op.AlterField, old: Field, new: Field) -> Iterator[str]:
    if old.null and not new.null:
        yield f"{step.describe()}: it is NOT NULL from now on"
    if _fills_itself(old) and not _fills_itself(new):
        yield f"{step.describe()}: it does not fill itself any more"
    if new.unique and not old.unique:
        yield f"{step.describe()}: it is unique from now on"
    if old.column != new.column:
        yield f"{step.describe()}: its column has another name"
    if getattr(new, "db_constraint", False) and not getattr(old, "db_constraint", False):
        yield f"{step.describe()}: it is a foreign key from now on"
    then, now = old.db_parameters(connection), new.db_parameters(connection)
    if then != now and not _holds_more(then["type"], now["type"]):
        yield f"{step.describe()}: its column holds something else"


def _field(state: ProjectState, app: str, step: Operation) -> Field:
    model = state.apps.get_model(app, step.model_name)  # type: ignore[attr-defined]
    return model._meta.get_field(step.name)  # type: ignore[attr-defined]


def _fills_itself(field: Field) -> bool:
    """Whether the database knows what stands in a row of somebody who does not know the field."""
    generated = getattr(field, "generated", False)
    return field.many_to_many or generated or field.null or field.has_db_default()


def _holds_more(then: str | None, now: str | None) -> bool:
    """Whether it is a text that may be longer than before."""
    lengths = [re.fullmatch(r"varchar\((\d+)\)", kind or "") for kind in (then, now)]
    if lengths[0] and now == "text":
        return True
    return all(lengths) and int(lengths[0][1]) <= int(lengths[1][1])
