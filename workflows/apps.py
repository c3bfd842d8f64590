from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate, post_save
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class WorkflowsConfig(AppConfig):
    name = "workflows"
    verbose_name = _("Workflows")

    def ready(self) -> None:
        from workflows import checks, triggers, webhooks
        from workflows.models import Webhook

        autodiscover_modules("flows")
        post_save.connect(webhooks.forget_absence, sender=Webhook)
        register(checks.check_lifecycles)
        register(checks.check_database, Tags.database)
        post_migrate.connect(triggers.restore, sender=self)
