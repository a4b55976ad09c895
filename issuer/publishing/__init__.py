"""Withdrawals (撤回) on their way to gates, and what happens when the database was put back to an older state."""
