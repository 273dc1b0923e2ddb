"""The RMMs: what each sends, turned into the one AlertEvent."""
