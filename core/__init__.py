"""What every package stands on, without a product noun: settings, database, ids, events, jobs."""
