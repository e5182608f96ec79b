"""Hazards (隐患): reported, put right, closed; one module for each group of people who act."""
