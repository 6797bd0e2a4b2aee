from django.apps import AppConfig


class CheckInsConfig(AppConfig):
    name = "checkins"

    def ready(self) -> None:
        from checkins import live
        from requests_app.asides import Aside, register

        register(
            Aside(
                "checkins",
                live.class_region,
                live.helpers_region,
                live.own_of,
                live.student_region,
            )
        )
