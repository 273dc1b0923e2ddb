"""NinjaOne."""
