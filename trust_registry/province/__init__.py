"""A province's key machine: its root key, its working keys, the statements that it makes."""
