"""What the registry tells everybody, as pages that people read."""
