"""What the admin API takes and gives, as pydantic models: the same that the OpenAPI document shows."""
