"""Newton's law of restitution, kept exactly: MuJoCo's soft contacts keep it only roughly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from videophy_lab.generators.simulated.motion import Simulation


class Bouncer:
    """Set the speed of parting of bodies that met, in any model.

    A contact is followed from its first step to its last; then the speed along the normal that it had before
    is turned into ``restitution`` times as much away from each other, by an impulse along the normal that is
    equal and opposite on both sides. So momentum is kept whatever the restitution is.

    Parameters
    ----------
    simulation : Simulation

    Attributes
    ----------
    restitution : float
        Above 1, energy comes from nothing.
    """

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.restitution = simulation.stage.impacts.restitution
        self.slowest = simulation.stage.impacts.slowest
        find = simulation.find
        self.pairs = {
            tuple(sorted((find("geom", one), find("geom", other))))
            for one, other in simulation.stage.impacts.pairs
        }
        self.open: dict[tuple[int, int], float] = {}
        self.speed = simulation.data.qvel.copy()
        self.rows: dict[tuple[int, int], np.ndarray] = {}

    def __call__(self) -> None:
        """Look at the contacts of the step that was just made."""
        data = self.simulation.data
        if data.ncon or self.open:
            self.look()
        self.speed[:] = data.qvel

    def look(self) -> None:
        """Open contacts that are new, and close those that have ended."""
        data = self.simulation.data
        touching = set()
        geoms = data.contact.geom
        for number in range(data.ncon):
            pair = (int(min(geoms[number])), int(max(geoms[number])))
            if pair not in self.pairs or pair in touching:
                continue
            touching.add(pair)
            row = self.find_row(number)
            if pair not in self.open:
                self.open[pair] = -float(row @ self.speed)
            self.rows[pair] = row
        for pair in [pair for pair in self.open if pair not in touching]:
            self.part(self.open.pop(pair), self.rows.pop(pair))

    def find_row(self, number: int) -> np.ndarray:
        """Give what turns joint velocities into the speed at which a contact opens."""
        mujoco, model, data = self.simulation.mujoco, self.simulation.model, self.simulation.data
        contact = data.contact[number]
        normal, point = contact.frame[:3], contact.pos
        row = np.zeros(model.nv)
        for geom, sign in ((contact.geom1, -1.0), (contact.geom2, 1.0)):
            jacobian = np.zeros((3, model.nv))
            mujoco.mj_jac(model, data, jacobian, None, point, model.geom_bodyid[geom])
            row += sign * normal @ jacobian
        return row

    def part(self, approach: float, row: np.ndarray) -> None:
        """Let two bodies part as fast as the law says."""
        if approach < self.slowest:
            return
        model, data = self.simulation.model, self.simulation.data
        answer = np.zeros((1, model.nv))
        self.simulation.mujoco.mj_solveM(model, data, answer, row[None])
        lacking = self.restitution * approach - float(row @ data.qvel)
        data.qvel[:] += answer[0] * lacking / float(row @ answer[0])
