"""The channels: each makes a message out of a notification, hands it over and judges the answer."""
