"""The scenes in words: bodies that fly, roll, slide and collide."""

from __future__ import annotations

from videophy_lab.generators.simulated import laws
from videophy_lab.generators.simulated.card import (
    EQUIVARIANT,
    INVARIANT,
    OBJECTS,
    SPORTS,
    Card,
    Rule,
    keep_pace,
    keep_whole,
)

MOVING: dict[str, Card] = {
    "fall": Card(
        "A ball drops from a height onto sand and stays there.",
        "A large ball is let go high above a flat stretch of sand. It drops straight down, faster and "
        "faster, hits the sand with a dull thud and stays where it landed. The camera stands still.",
        "dropping a ball",
        OBJECTS,
        laws.GRAVITY,
        (
            Rule("The ball's downward speed grows steadily until it meets the sand.", laws.GRAVITY),
            keep_pace("ball"),
            Rule("The sand stops the ball, which does not sink into the ground.", laws.HARDNESS),
            Rule("What lies on the sand does not jump up by itself.", laws.ARROW, True),
            *keep_whole("ball"),
        ),
    ),
    "bounce": Card(
        "A ball drops onto a hard floor and bounces up again.",
        "A ball is released above a hard, even floor and drifts slowly to one side as it falls. It hits "
        "the floor, bounces up again, reaches a lower height than before and falls once more. The camera "
        "stands still.",
        "bouncing a ball",
        OBJECTS,
        laws.ELASTICITY,
        (
            Rule("After a bounce the ball does not rise higher than it was before.", laws.ELASTICITY, True),
            Rule("In the air the ball's downward speed grows steadily.", laws.GRAVITY),
            keep_pace("ball"),
            Rule("The floor throws the ball back, which does not sink into it.", laws.HARDNESS),
            Rule("The ball loses height with time, and does not gain it.", laws.ARROW, True),
            *keep_whole("ball"),
        ),
    ),
    "projectile": Card(
        "A ball is thrown through the air in a high arc and lands on the floor.",
        "A ball flies up and across an empty room in a high, even arc. It slows down towards the top, "
        "turns over, comes down on the floor and bounces on. The camera stands still and shows the whole "
        "flight.",
        "throwing a ball",
        SPORTS,
        laws.GRAVITY,
        (
            Rule("The ball flies in an arc: up ever more slowly, then down ever faster.", laws.GRAVITY),
            keep_pace("ball"),
            Rule("After a bounce the ball does not rise higher than it was before.", laws.ELASTICITY, True),
            Rule("The floor throws the ball back, which does not sink into it.", laws.HARDNESS),
            Rule("The ball loses height from arc to arc, and does not gain it.", laws.ARROW, True),
            *keep_whole("ball"),
        ),
    ),
    "wall": Card(
        "A ball is thrown against a wall, comes back and bounces on the floor.",
        "A ball is thrown at a free-standing wall. It strikes the wall, springs back more slowly than it "
        "came, drops to the floor and bounces away. The camera looks along the wall from the side and "
        "stands still.",
        "throwing a ball against a wall",
        SPORTS,
        laws.ELASTICITY,
        (
            Rule("The ball leaves the wall no faster than it came.", laws.ELASTICITY, True),
            Rule("The wall throws the ball back, which does not go into it.", laws.HARDNESS),
            Rule("In the air the ball's downward speed grows steadily.", laws.GRAVITY),
            keep_pace("ball"),
            Rule("The ball loses speed at the wall, and does not gain it.", laws.ARROW, True),
            *keep_whole("ball"),
        ),
    ),
    "collision": Card(
        "A ball glides over smooth ice and knocks into another ball, which glides away.",
        "A ball glides over a sheet of smooth ice towards a second ball at rest. They knock together; the "
        "first one nearly stops and the second one glides away in the same direction. The camera stands "
        "still.",
        "colliding balls",
        OBJECTS,
        laws.MOMENTUM,
        (
            Rule("What the second ball gets of motion, the first one loses.", laws.MOMENTUM),
            Rule("The balls part no faster than they met.", laws.ELASTICITY),
            Rule("The balls touch and do not pass into each other.", laws.HARDNESS),
            *keep_whole("first ball"),
        ),
        INVARIANT,
    ),
    "cradle": Card(
        "The first ball of a Newton's cradle swings down and the last one swings up on the other side.",
        "Five equal balls hang in a row from a frame. The first one is lifted and let go; it swings down, "
        "strikes the row and stops, and the last one swings out on the other side, comes back and strikes "
        "in turn.",
        "playing with a Newton's cradle",
        OBJECTS,
        laws.MOMENTUM,
        (
            Rule("Only as much motion leaves the row on one side as came in on the other.", laws.MOMENTUM),
            Rule("The balls swing out no higher than the first one was let go.", laws.ELASTICITY),
            Rule("The balls strike each other and do not pass into each other.", laws.HARDNESS),
            Rule("The balls swing down and are pulled back by their weight.", laws.GRAVITY),
            *keep_whole("swinging ball"),
        ),
        INVARIANT,
    ),
    "slope": Card(
        "A ball rolls down a ramp, faster and faster.",
        "A ball is let go near the top of a long wooden ramp. It begins to roll, slowly at first, and "
        "gathers speed all the way down without slipping. The camera looks at the ramp from the side and "
        "stands still.",
        "rolling a ball down a ramp",
        OBJECTS,
        laws.GRAVITY,
        (
            Rule("The ball's speed down the ramp grows steadily.", laws.GRAVITY),
            keep_pace("ball"),
            Rule("The ramp carries the ball, which does not sink into it.", laws.HARDNESS),
            *keep_whole("ball"),
        ),
        EQUIVARIANT,
    ),
    "slide": Card(
        "A block slides over the floor, slows down and comes to rest.",
        "A block has been given a push and slides straight over an even floor. Friction slows it down "
        "steadily until it stands still. Nothing else touches it. The camera stands still.",
        "sliding a block",
        OBJECTS,
        laws.FRICTION,
        (
            Rule("The block slows down steadily until it stands still.", laws.FRICTION, True),
            keep_pace("block"),
            Rule("The floor carries the block, which does not sink into it.", laws.HARDNESS),
            Rule("A block that rests does not begin to slide by itself.", laws.ARROW, True),
            *keep_whole("block"),
        ),
    ),
}
