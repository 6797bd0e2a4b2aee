from django.apps import AppConfig
from django.conf import settings


class CheckInsConfig(AppConfig):
    name = "checkins"

    def ready(self) -> None:
        from checkins import asked, live
        from classrooms import notices
        from classrooms.access import goes_with_student
        from requests_app.asides import Aside, register

        goes_with_student(settings.REPLIES_COOKIE_NAME)
        register(
            Aside(
                "checkins",
                live.class_region,
                live.helpers_region,
                live.own_of,
                live.student_region,
            )
        )
        notices.register(asked.notices)
