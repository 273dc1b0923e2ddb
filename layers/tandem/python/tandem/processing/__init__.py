"""The one consumer of alert-events.fifo: read what a batch needs, decide, apply, in order."""
