"""Delta Sharing: rows for BI tools and notebooks, over the same road and the same journal as /v1/rows."""
