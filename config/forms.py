"""How every form of the product is drawn."""

from django.forms.renderers import TemplatesSetting


class OpsgateRenderer(TemplatesSetting):
    """Draw forms and fields with our templates; Django adds the ARIA attributes."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
