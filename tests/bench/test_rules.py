"""The rules of peers agree with the peers: the figures were printed by the packages themselves on these arrays."""

import numpy as np
import pytest

from bench.power import FAULTS, LAWS
from bench.rules import DEEPCHECKS, EVIDENTLY, KS, NANNYML, Peers


@pytest.fixture(scope="module")
def arrays() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(7)
    return chance.lognormal(size=50_000), chance.lognormal(0.02, 1.05, 5_000)


def test_nannyml_measures_and_limits_as_its_package_does(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    reference, current = arrays
    peers = Peers(reference)
    # NannyML 0.13.1, chunk_size 5000
    assert peers.jensen_shannon(current) == pytest.approx(0.046394573747563214, abs=1e-12)
    assert peers.usual == pytest.approx(0.029930024508014578, abs=1e-12)


def test_every_rule_decides_as_its_package_does(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    reference, current = arrays
    # Evidently 0.7.23 says .0977, no drift; Deepchecks 0.19.1 says .0322, passed; NannyML alerts.
    assert Peers(reference).decide(current) == {KS: True, NANNYML: True, EVIDENTLY: False, DEEPCHECKS: False}


def test_every_rule_sees_a_gross_change(arrays: tuple[np.ndarray, np.ndarray]) -> None:
    reference, current = arrays
    assert all(Peers(reference).decide(current * 3).values())


@pytest.mark.parametrize(("fault", "moved"), [("2 % to the tail", 100), ("5 % bump", 250)])
def test_a_fault_replaces_exactly_its_share(fault: str, moved: int) -> None:
    chance = np.random.default_rng(1)
    values = chance.normal(size=5_000)
    assert (FAULTS[fault](chance, LAWS["normal"], values) != values).sum() == moved


def test_faults_leave_their_input_alone() -> None:
    chance = np.random.default_rng(2)
    values = chance.normal(size=1_000)
    before = values.copy()
    for fault in FAULTS.values():
        fault(chance, LAWS["normal"], values)
    assert np.array_equal(values, before)


@pytest.mark.parametrize("name", LAWS)
def test_a_law_has_the_mean_and_spread_it_is_said_to_have(name: str) -> None:
    law = LAWS[name]
    values = law.draw(np.random.default_rng(3), 400_000)
    assert values.mean() == pytest.approx(law.mean, abs=0.02 * law.sd)
    assert values.std() == pytest.approx(law.sd, rel=0.05)
