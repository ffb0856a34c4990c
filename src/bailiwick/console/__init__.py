"""The console: the web pages, how a person signs in to them, and what stands between a browser and the control API.

``door`` lets people in by what ``passkeys`` and ``factors`` check, ``attempts`` slows those down who guess, ``cookies``
ties a browser to a session, ``routes`` says all of it over HTTP, ``pages`` serves what the build made, and ``feed``
tells what the journal says while it is written. Whatever a signed-in person then asks goes the way of the control API.
"""
