"""Tandem: keeps an MSP's RMM and its service desk in step."""
