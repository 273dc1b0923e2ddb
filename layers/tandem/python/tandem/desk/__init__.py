"""The service desk: its records, the port that a PSA implements, and the built-in desk."""
