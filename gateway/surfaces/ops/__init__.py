"""For those who run the gateway: health, metrics, and where tokens come from."""
