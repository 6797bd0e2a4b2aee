from django.apps import AppConfig


class CheckInsConfig(AppConfig):
    name = "checkins"

    def ready(self) -> None:
        from checkins import asked, live
        from checkins.views import REPLIES_COOKIE
        from classrooms import notices
        from classrooms.access import goes_with_student
        from requests_app.asides import Aside, register

        goes_with_student(REPLIES_COOKIE)
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
