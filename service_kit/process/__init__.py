"""A service as processes: workers, what each does by itself again and again, and locks between them."""
