"""What other rules or windows would have made of the events that came: the same decisions, tried over history."""
