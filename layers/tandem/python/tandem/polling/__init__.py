"""Asking the RMMs what is active, and making Tandem's view theirs."""
