"""The demonstration: a bot trades through a key of its own, and is refused what is not its own to do."""
