"""What has a disk, a network, a key or a clock behind it: one vendor per file."""
