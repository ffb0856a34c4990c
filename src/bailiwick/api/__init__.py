"""The control API: what the command line does, over HTTP, for tokens instead of for a user of this machine.

It runs in the control process and adds no power to it: every route asks a verb of the authority. ``table`` says which,
for whom, and whose the thing is; ``forms`` makes the typed models out of the verbs; ``gate`` stands before everything;
``app`` puts it together and ``server`` serves it. Nothing of it is imported before the control process is ready, and
nothing but the control process imports it.
"""
