"""A market to rehearse in: coins, crowds, services, bots, thieves and look-alikes, in simulated time, by seed."""
