"""For auditors: who got what, when, on what ground. To read here is itself journaled."""
