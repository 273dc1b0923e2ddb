"""Tactical RMM."""
