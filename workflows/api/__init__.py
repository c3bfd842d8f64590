"""The REST API: the same door as the pages, in JSON."""
