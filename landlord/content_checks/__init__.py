"""What WeChat says of the words and pictures of a listing, before it is public.

A listing goes to review and its checks are rows (``rows``); jobs ask WeChat (``asking``), whose
verdicts on pictures are pushed later, in any order; each verdict may settle the listing
(``settling``). What is not clearly good or clearly bad stays with staff, who may decide at any
time.
"""
