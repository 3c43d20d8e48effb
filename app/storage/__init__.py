"""The database: engine, one transaction per use case, column types, migrations. It knows no table of any slice."""
