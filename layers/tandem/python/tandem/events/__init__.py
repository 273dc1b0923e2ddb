"""What happened, told to the tenant's event bus: domain events from the changes of alerts and tickets."""
