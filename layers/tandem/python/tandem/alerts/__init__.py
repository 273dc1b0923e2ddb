"""The pure core: what an alert event means. No I/O, no clock, no AWS."""
