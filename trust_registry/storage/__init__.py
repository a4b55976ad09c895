"""What the registry keeps: ports, and the SQL behind them."""
