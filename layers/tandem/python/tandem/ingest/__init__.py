"""The way in: authenticate a webhook, normalize it, put it on the queue, answer. No vendor is called here."""
