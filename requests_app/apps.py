from django.apps import AppConfig
from django.db.backends.signals import connection_created

from classrooms.signals import access_ended, door_changed, past_changed


class RequestsAppConfig(AppConfig):
    name = "requests_app"

    def ready(self) -> None:
        from live import topics
        from requests_app.topic import QueueTopic

        topics.register(QueueTopic())
        access_ended.connect(_step_aside, dispatch_uid="step_aside")
        connection_created.connect(_measure_waiting, dispatch_uid="measure_waiting")
        door_changed.connect(_show_door, dispatch_uid="show_door")
        past_changed.connect(_show_past, dispatch_uid="show_past")


def _measure_waiting(connection, **kwargs) -> None:
    """On SQLite every change waits where its transaction begins: the file is the lock."""
    from requests_app import metrics

    if connection.vendor == "sqlite" and metrics.time_begin not in connection.execute_wrappers:
        # First: who wraps queries for a while takes the last one away again.
        connection.execute_wrappers.insert(0, metrics.time_begin)


def _show_door(sender, classroom, **kwargs) -> None:
    from requests_app import actions

    actions.show_door(classroom)


def _show_past(sender, student, **kwargs) -> None:
    from requests_app import live

    live.announce_past(student)


def _step_aside(sender, membership=None, **kwargs) -> None:
    from requests_app import forgetting

    if membership is not None and membership.removed_at is not None:
        forgetting.step_aside(membership)
