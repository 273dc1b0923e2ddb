"""What people configure: integrations, rules, organizations, clients, boards, users, API keys.

Each record counts its writes in `version`; a write is only applied onto the version that it was made from. A change
that must hold over several records at once (one default board, one admin at least) is also conditioned on the version
of its whole scope, so such changes happen one after another.
"""
