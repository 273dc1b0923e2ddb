"""The sweep: what was put off until now is handed to who does it."""
