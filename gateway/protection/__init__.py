"""What makes a release safe to read: pure functions on arrays and Arrow tables, no I/O."""
