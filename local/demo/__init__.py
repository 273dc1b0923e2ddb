"""`make demo`: starts the local stack, sends it each vendor's webhooks, and shows what became of them."""
