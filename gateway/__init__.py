"""Jakelu: a secure data-distribution gateway for the Finnish employment services."""
