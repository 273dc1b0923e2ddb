"""Moved to tandem/dead_letters/letters.py; here until nothing imports it from here any more."""

from tandem.dead_letters.letters import DeadLetter as DeadLetter
from tandem.dead_letters.letters import DeadLetters as DeadLetters
