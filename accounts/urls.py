from django.urls import path

from accounts import kept, views

app_name = "accounts"

urlpatterns = [
    path("", views.mine, name="mine"),
    path("name/", views.rename, name="rename"),
    path("kept/", kept.mine, name="kept"),
    path("kept/file/", kept.download, name="download_kept"),
    path("confirm/", views.confirm, name="confirm"),
    path("once-more/", views.once_more, name="once_more"),
    path("browsers/sign-out/", views.sign_out, name="sign_out"),
    path("browsers/sign-out-others/", views.sign_out_others, name="sign_out_others"),
    path("lost-second-factor/", views.take_second_factor_off, name="take_second_factor_off"),
]
