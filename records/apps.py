from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RecordsConfig(AppConfig):
    name = "records"

    def ready(self) -> None:
        """Last in INSTALLED_APPS, so that every app is ready to declare what it keeps."""
        autodiscover_modules("records")
