"""Who may ask for a code, for whom, and how: the clients, what they send, a phone's proof of its key."""
