"""Assets: what devices become. A pure core; no I/O, no clock.

what is spoken of             models.py, pages.py
one page of a sync            planning.py, one_device.py, deciding.py (with drafts.py, writing.py, fingerprints.py)
where a device stands         order.py (on which page), placing.py (with which client), identity.py
what an asset says            merging.py (listings), shown.py (with a person's edits), editing.py, status.py
the same machine twice        matching.py, junk.py
what is not listed any more   disappearing.py
finding and counting          words.py, software.py, program_names.py, compliance.py
"""
