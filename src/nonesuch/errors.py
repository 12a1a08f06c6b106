"""Every error a person can cause, and warnings. Each is one line: what was wrong, what was found, what to do."""


class NonesuchError(Exception):
    """Base of all expected errors. The CLI prints the message on one line of stderr and leaves with `exit_code`."""

    exit_code = 2


class NonesuchWarning(UserWarning):
    """Something a person should know of what still works. The CLI prints it on one line of stderr."""


class DataError(NonesuchError):
    """The pictures, sounds or texts cannot be used as they are."""


class NetError(NonesuchError):
    """A net cannot be built for this input, or the name is unknown."""


class RecipeError(NonesuchError):
    """A setting is unknown, out of range, or contradicts another one."""


class RunError(NonesuchError):
    """A run folder is missing, damaged, from a newer version, or in use by another trainer."""


class MachineError(NonesuchError):
    """The machine lacks something: disk space, memory, a device."""


class ExportError(NonesuchError):
    """A run's net cannot be written in this form, or what was written does not compute what the net does."""


class DivergedError(NonesuchError):
    """The loss or a weight became NaN or infinite."""


class PublishError(NonesuchError):
    """A run should not go out as it is: it repeats its training pictures, or nobody can tell."""
