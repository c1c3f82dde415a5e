"""SQL: tables, the engine that knows the dialect, migrations."""
