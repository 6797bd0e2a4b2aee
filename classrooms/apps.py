from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class ClassroomsConfig(AppConfig):
    name = "classrooms"

    def ready(self) -> None:
        from django.contrib.auth import get_user_model
        from django.contrib.sessions.models import Session

        from classrooms import endings

        post_delete.connect(endings.session_deleted, Session, dispatch_uid="session_deleted")
        post_save.connect(endings.user_saved, get_user_model(), dispatch_uid="user_saved")
