"""Tasks (派单): raised, taken from a pool or assigned, urged, done."""
