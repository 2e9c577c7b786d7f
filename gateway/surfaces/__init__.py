"""HTTP in, HTTP out. Siblings never import each other."""
