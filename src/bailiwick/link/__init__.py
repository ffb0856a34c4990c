"""The socket between the processes: a closed list of questions, each with its one kind of answer.

The questions of the gateway are in ``questions``, those of the control process in ``bailiwick.authority.verbs``;
``server`` answers and ``client`` and ``asyncclient`` ask. Nothing here imports asyncio before it is needed, since the
command line is started often.
"""
