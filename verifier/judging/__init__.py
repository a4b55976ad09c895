"""The judge: pure. The recipe, what it knows, by which policy, and whom to call when it says no."""
