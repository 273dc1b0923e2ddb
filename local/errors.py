"""Why the local stack cannot do what it was asked to. Each message says what to do about it, or shows what went wrong.

LocalStackError
├── EmulatorError     the emulator cannot be started or does not answer
├── StateError        the stack's files cannot be used now
├── SynthesisError    the CDK app gives no template
├── DeploymentError   CloudFormation did not make the stack
└── NotReadyError     the stack is there and does not answer as it should
"""


class LocalStackError(Exception):
    """What `make up`, `down` and `reset` print instead of a traceback."""


class EmulatorError(LocalStackError):
    """The emulator cannot be started or does not answer."""


class StateError(LocalStackError):
    """The local stack's files cannot be used now."""


class SynthesisError(LocalStackError):
    """The template cannot be synthesized; the message is what the CDK app said."""


class DeploymentError(LocalStackError):
    """The stack could not be deployed; the message names the resources that failed and why."""


class NotReadyError(LocalStackError):
    """The deployed stack does not answer as it should; the message says what it did instead."""
