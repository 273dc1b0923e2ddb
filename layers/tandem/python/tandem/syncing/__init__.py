"""device_sync: the RMMs' devices become assets, a page at a time (docs/assets.md)."""
