"""The replay: bars through the exchange, events through the hooks, orders through the gate."""
