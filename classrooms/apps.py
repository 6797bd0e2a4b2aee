from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out


class ClassroomsConfig(AppConfig):
    name = "classrooms"

    def ready(self) -> None:
        from classrooms import actions

        user_logged_out.connect(actions.forget_session, dispatch_uid="forget_session")
