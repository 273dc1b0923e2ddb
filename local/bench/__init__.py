"""`make bench`: what an alert event costs in calls, units, time and money, measured on this machine."""
