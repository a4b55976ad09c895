"""SQL for all services: SQLite embedded, PostgreSQL by URL; migrations, retries, counts that outlive a process."""
