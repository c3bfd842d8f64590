from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """Collect what pages use: viewflow's own pages are never mounted, and name files it lacks."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "viewflow"]


class Administration(AdminConfig):
    default_site = "config.back_office.BackOffice"
