from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChangeControlConfig(AppConfig):
    name = "change_control"
    verbose_name = _("Change control")
