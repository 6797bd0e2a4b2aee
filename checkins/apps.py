from django.apps import AppConfig
from django.conf import settings


class CheckInsConfig(AppConfig):
    name = "checkins"

    def ready(self) -> None:
        from checkins import asked, live
        from classrooms import notices
        from classrooms.access import goes_with_student
        from requests_app import beside

        goes_with_student(settings.REPLIES_COOKIE_NAME)
        beside.register(live.CheckInsBeside())
        notices.register(asked.notices)
