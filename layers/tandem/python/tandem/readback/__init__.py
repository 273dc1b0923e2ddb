"""Completing webhooks that may lack something from their RMM's API, before they enter alert-events.fifo.

Tactical RMM writes values into a body without escaping them, and people write the template. What ingest had to salvage,
or what lacks something that rules match on, waits here for a moment, never in front of the sender.
"""
