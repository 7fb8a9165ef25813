"""The law of the recall case. Its editions stand beside those of the Standard, not among them.

A consultation and a recall case are begun under different laws with dates of validity of their own; one folder
of editions for both would make every list of them ask which kind it holds.
"""
