"""Messages to apps of third parties, by Standard Webhooks 1.0.0 (standardwebhooks.com)."""
