"""What a stack may say, as pure data: no Pulumi, no cluster, no clock."""

from .base import Model, Pending
from .config_error import ConfigError
from .stack import StackConfig
from .validation import check, warnings

__all__ = ["ConfigError", "Model", "Pending", "StackConfig", "check", "warnings"]
