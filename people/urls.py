"""Addresses of coming in and going out."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from people import views

urlpatterns = [
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("language/", views.set_language, name="set_language"),
]
