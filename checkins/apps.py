from django.apps import AppConfig


class CheckInsConfig(AppConfig):
    name = "checkins"

    def ready(self) -> None:
        from checkins import live
        from requests_app.extras import Extra, register

        register(Extra("checkins", live.student_region, live.class_region, live.helpers_region))
