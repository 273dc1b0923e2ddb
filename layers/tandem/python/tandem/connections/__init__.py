"""Talking to the RMMs' APIs: one request core for every vendor, and the port that the vendors' clients stand behind."""
