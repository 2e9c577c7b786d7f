"""The auditor's pages in a browser: the same readings as over HTTP, in words, and in three languages."""
