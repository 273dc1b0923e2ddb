"""What could not be processed: parked in the table with the reason, shown, handed over again or dropped."""
