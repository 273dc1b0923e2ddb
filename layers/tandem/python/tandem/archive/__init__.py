"""Applied alert events in the bucket: written off the table's stream, read by previews."""
