"""Recognition: a host member's signed rules, and what they say of a credential from elsewhere."""
