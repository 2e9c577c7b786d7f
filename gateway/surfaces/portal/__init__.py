"""Pages for people: the login, and what the gateway knows of them. They work without JavaScript."""
