from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import proof, second_factor, sessions
        from helpdesk import events

        for listener in (proof, second_factor, sessions, events):
            listener.connect()
