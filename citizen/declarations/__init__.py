"""Declarations (自主申报): where people live, said by themselves, their landlords or staff.

``parties`` and ``doubts`` decide what becomes of what was said, ``record`` writes it. ``declaring``
is how residents and staff say it, ``review`` how wardens decide, ``answers`` how landlords answer,
``objections`` how who was declared by others speaks against it, ``moving_out`` how it ends.
"""
