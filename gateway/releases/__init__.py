"""The release format, both ways: layout, manifest and signature bytes, slices, cubes."""
