"""The networks by name."""

from __future__ import annotations

from sweep.config import ModelConfig, ModelName
from sweep.config.choices import ModelLibrary
from sweep.errors import ConfigError
from sweep.models.architecture import Architecture
from sweep.models.torchvision_networks import ARCHITECTURES


def architecture(config: ModelConfig) -> Architecture:
    """The architecture that `config` names.

    Raises ConfigError when timm does not know the name, or is not installed.
    """
    if config.library is ModelLibrary.torchvision:
        return ARCHITECTURES[ModelName(config.name)]
    try:
        from sweep.models.timm_networks import timm_network  # here, because to import timm takes two seconds
    except ModuleNotFoundError as error:
        raise ConfigError("model=timm needs timm", "pip install 'sweep[timm]'") from error
    return timm_network(config.name)
