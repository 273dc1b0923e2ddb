"""Telling users that a ticket was made: in Tandem and by mail.

    TICKET_CREATED on the tenant's bus ─► rule ─► queue ─► notifier ─► table, SES
    the sweep, when a digest is due ───────────►

notice.py    what a user is told, and whether the user wants it
tally.py     what goes out by itself and what is gathered for a digest
planning.py  what one delivery comes to for one user, as one change of the table
wording.py   the mails
            (the four above are pure)
message.py   the queue's messages
ledger.py    what was told to whom, in the table
inbox.py     what users read in Tandem
mail.py      the port to the mailer, and SES behind it
notifier.py  a batch of messages, carried out
"""
