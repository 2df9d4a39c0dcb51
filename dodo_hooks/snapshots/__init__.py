"""Private checkouts of commits, in which jobs run while the user works on (rules S).

pool.py hands them out, checkout.py brings one to a commit; the other files are parts of it.
"""
