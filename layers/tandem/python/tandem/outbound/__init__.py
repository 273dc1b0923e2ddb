"""Telling RMMs that alerts are over: when a ticket closes, when a person resolves one (alerts.md, "Ticket closed").

TICKET_CLOSED, RMM_ALERT_RESET_REQUESTED        on the bus
  → dispatcher.py (ticket_close_reset)          which alerts; one wish each, written first; one message each
  → alert-resets.fifo, a group an integration
  → resetter.py (alert_reset)                   looks again, asks the RMM, hands the reset to the processor
"""
