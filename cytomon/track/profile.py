"""The definitions that a course is judged by: a named, versioned file, said with every result."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cytomon.errors import InputError
from cytomon.yaml_file import Unreadable, read_yaml

_SHIPPED = Path(__file__).parent / "profiles"
DEFAULT = "trial"

Number = TypeVar("Number", int, float)
Days = Annotated[int, Field(ge=0, le=3650)]
Share = Annotated[float, Field(gt=0, lt=1)]


_DRUG_DAYS = {
    "rituximab": 183,
    "obinutuzumab": 183,
    "blinatumomab": 90,
    "inotuzumab": 90,
    "alemtuzumab": 90,
    "antithymocyte globulin": 90,
}
_SIGNS = {"immature_monocytes": 5e-4, "bridge": 2e-4, "cd34_cd33": 0.05}


def _complete_drugs(given: dict[str, int]) -> dict[str, int]:
    return _completed(given, _DRUG_DAYS)


def _complete_signs(given: dict[str, float]) -> dict[str, float]:
    return _completed(given, _SIGNS)


def _completed(given: dict[str, Number], usual: dict[str, Number]) -> dict[str, Number]:
    """What is left out is as usual; what is not known would be passed over, and is refused."""
    unknown = sorted(given.keys() - usual.keys())
    if unknown:
        msg = f"not known: {', '.join(unknown)}; known are {', '.join(usual)}"
        raise ValueError(msg)
    return usual | given


class CohortDefinitions(BaseModel):
    """Definitions of a cohort's endpoints; explained in ``docs/reference/cohort.md``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    no_remission: Literal["event", "ignore"] = "event"
    second_malignancy: Literal["event", "ignore"] = "event"
    second_infusion: Literal["follow", "censor"] = "follow"
    relapse_transplant: Literal["follow", "censor", "competing"] = "follow"
    remission_by_day: Days = 35
    survival_interval: Literal["log", "log-log", "plain"] = "log"
    incidence_interval: Literal["linear", "log-log"] = "linear"
    horizon_day: Days = 365
    recovery_by_day: Days = 183
    age_from_years: Days = 10
    transplant_curve_from_day: Days = 91
    least_at_risk: Annotated[int, Field(ge=1)] = 5


class Profile(BaseModel):
    """Definitions of states and flags; every field is explained in ``docs/reference/course.md``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    about: str
    recovery: Literal["trial", "confirmed"] = "trial"
    relapse_includes_mrd: bool = False
    confirmed_apart_days: Days = 7
    confirmed_alone_fraction: Share = 0.03
    confirmed_pair_days: Days = 14
    landmark_before_days: Days = 30
    landmark_after_days: Days = 7
    drug_days: Annotated[dict[str, Days], AfterValidator(_complete_drugs)] = _DRUG_DAYS
    car_limit_copies: Annotated[float, Field(gt=0)] = 0.1
    car_apart_days: Days = 14
    mrd_confirmed_fraction: Share = 1e-3
    mrd_log_rise: Annotated[float, Field(gt=1)] = 10.0
    second_marrow_days: Days = 60
    recovery_critical_before_day: Days = 91
    recovery_high_before_day: Days = 183
    hematogones_fraction: Share = 1e-3
    pair_days: Days = 14
    lod_events: Annotated[int, Field(ge=1)] = 20
    switch_events: Annotated[int, Field(ge=1)] = 10
    switch_fractions: Annotated[dict[str, Share], AfterValidator(_complete_signs)] = _SIGNS
    trend_rise: Annotated[float, Field(gt=1)] = 10.0**0.5
    trend_p: Share = 0.05
    stage0_fraction: Share = 0.002
    stage0_ratio: Annotated[float, Field(gt=1)] = 3.0
    unwatched_days: Days = 100
    early_days: Days = 60
    aplasia_asked_from_day: Days = 28
    aplasia_by_day: Days = 35
    cohort: CohortDefinitions = CohortDefinitions()

    @property
    def title(self) -> str:
        """Name and version, as they stand beside every result."""
        return f"{self.name} {self.version}"


def profiles() -> tuple[str, ...]:
    """Names of the profiles that come along."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.yaml")))


@cache
def read_profile(name: str = DEFAULT) -> Profile:
    """A profile that comes along, by its name, or a laboratory's own, by its path.

    Parameters
    ----------
    name : str
        ``trial``, ``euroflow``, ``local``, or the path of a YAML file.

    Returns
    -------
    Profile

    Raises
    ------
    InputError
        If there is none of this name, or the file is no sound profile.
    """
    path = _SHIPPED / f"{name}.yaml" if name in profiles() else Path(name)
    if path.suffix not in {".yaml", ".yml"} or not path.is_file():
        raise InputError(
            "there is no such profile",
            where="--profile",
            fix=f"one of {', '.join(profiles())}, or the path of a YAML file",
        )
    try:
        said, _ = read_yaml(path.read_bytes())
        profile = Profile.model_validate(said)
    except Unreadable as error:
        raise InputError(
            f"the profile cannot be read: {error.what}",
            where=f"{path.name} line {error.line}",
            fix=f"{error.fix}; compare with {DEFAULT!r} in docs/reference/course.md",
        ) from error
    except OSError as error:
        raise InputError(
            f"the profile cannot be opened: {error.strerror}",
            where=path.name,
            fix="check the path and the permissions",
        ) from error
    except ValidationError as error:
        raise InputError(
            "; ".join(_reasons(error)),
            where=path.name,
            fix="correct the file; docs/reference/course.md explains each field",
        ) from error
    if profile.name in profiles() and path.parent != _SHIPPED:
        raise InputError(
            f"the name {profile.name!r} is that of a profile that comes along",
            where=path.name,
            fix="give your definitions a name of their own",
        )
    return profile


def _reasons(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(map(str, item['loc'])) or 'the file'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]
