"""A month of twelve papers, simulated: what they publish, change, withdraw and break, by a clock we own."""
