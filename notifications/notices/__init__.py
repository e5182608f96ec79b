"""What staff tell many people at once: notices, announcements and alerts for an area."""
