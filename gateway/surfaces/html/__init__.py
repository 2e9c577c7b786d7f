"""Pages for people, whatever they show: rendering, the shared texts and the look."""
