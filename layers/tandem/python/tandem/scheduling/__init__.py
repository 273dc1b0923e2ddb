"""Integrations' own schedules: when each is polled, and when its devices are synced."""
