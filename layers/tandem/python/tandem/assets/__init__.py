"""Assets: the desk's records of the RMMs' devices. Pure: no I/O, no clock, no AWS."""
