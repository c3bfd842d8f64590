from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class WorkflowsConfig(AppConfig):
    name = "workflows"
    verbose_name = _("Workflows")

    def ready(self) -> None:
        from workflows import checks, triggers

        autodiscover_modules("flows")
        register(checks.check_lifecycles)
        register(checks.check_database, Tags.database)
        post_migrate.connect(triggers.restore, sender=self)
