"""Notifications: what a person is told, when, and where; the list of it, and what they choose."""
