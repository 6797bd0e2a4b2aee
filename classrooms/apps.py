from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class ClassroomsConfig(AppConfig):
    name = "classrooms"

    def ready(self) -> None:
        from django.contrib.auth import get_user_model
        from django.contrib.sessions.models import Session

        from classrooms import endings, live
        from classrooms.signals import access_ended, user_changed
        from live import rights

        rights.register(live.ClassroomRights())
        access_ended.connect(live.close_pages, dispatch_uid="close_pages")
        user_changed.connect(live.look_again, dispatch_uid="look_again")
        post_delete.connect(endings.session_deleted, Session, dispatch_uid="session_deleted")
        post_save.connect(endings.user_saved, get_user_model(), dispatch_uid="user_saved")
