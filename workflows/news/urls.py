"""Addresses of one's notifications."""

from django.urls import path

from workflows.pages import news

urlpatterns = [
    path("", news.show_news, name="news"),
    path("done/", news.done, name="news_done"),
    path("open/", news.open_case, name="news_open"),
    path("preferences/", news.preferences, name="news_preferences"),
    path("preferences/mail/test/", news.test_mail, name="news_mail_test"),
    path("preferences/chats/new/<slug:chat>/", news.new_chat, name="chat_new"),
    path("preferences/chats/<int:pk>/test/", news.test_chat, name="chat_test"),
    path("preferences/chats/<int:pk>/remove/", news.remove_chat, name="chat_remove"),
]
