"""What all tests share."""

from hypothesis import settings

# No deadline: the cores are shared, and a slow example is not a wrong one. The blob repeats a failure elsewhere.
settings.register_profile("bailiwick", deadline=None, print_blob=True)
settings.load_profile("bailiwick")
