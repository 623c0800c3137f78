"""The scenes in words: bodies that swing, topple, float, pour and spin."""

from __future__ import annotations

from videophy_lab.generators.simulated import laws
from videophy_lab.generators.simulated.card import (
    INVARIANT,
    OBJECTS,
    Card,
    Rule,
    keep_pace,
    keep_whole,
)

HANGING: dict[str, Card] = {
    "pendulum": Card(
        "A pendulum swings from side to side.",
        "A heavy weight hangs from a stand on a thin rod. It is let go at one side, swings down through "
        "the middle and up on the other side, stops for a moment and swings back. The camera stands "
        "still.",
        "swinging a pendulum",
        OBJECTS,
        laws.GRAVITY,
        (
            Rule(
                "The pendulum is fastest at the lowest point, to which its weight draws it back.",
                laws.GRAVITY,
            ),
            keep_pace("weight"),
            Rule("The pendulum swings as high on one side as on the other.", laws.ENERGY),
            *keep_whole("weight"),
        ),
        INVARIANT,
    ),
    "chain": Card(
        "A chain with a ball at its end swings from a stand.",
        "A chain of short links hangs from a stand and carries a ball. It is let go at one side, swings "
        "down and through, bends at its links and swings up on the other side. The camera stands still.",
        "swinging a chain",
        OBJECTS,
        laws.GRAVITY,
        (
            Rule("Its weight draws the ball down and back to the lowest point.", laws.GRAVITY),
            keep_pace("ball"),
            Rule("The ball does not rise higher than where it was let go.", laws.ENERGY),
            *keep_whole("ball"),
        ),
        INVARIANT,
    ),
    "spring": Card(
        "A weight hanging on a spring bobs up and down.",
        "A weight hangs from a stand on a coiled spring. It is let go away from its balance and bobs up "
        "and down; the coils open and close with it, again and again at the same pace. The camera stands "
        "still.",
        "stretching a spring",
        OBJECTS,
        laws.ENERGY,
        (
            Rule("The weight goes as far above its balance as below it, at a steady beat.", laws.GRAVITY),
            keep_pace("weight"),
            Rule("The weight does not rise above the height at which it turned before.", laws.ENERGY),
            *keep_whole("weight"),
        ),
        INVARIANT,
    ),
    "dominoes": Card(
        "A row of dominoes falls over, one after the other.",
        "A row of upright dominoes stands on the floor. The first one tips over and strikes the next, and "
        "so on down the row until all of them have fallen. The camera looks at the row from the side.",
        "toppling dominoes",
        OBJECTS,
        laws.GRAVITY,
        (
            Rule("Dominoes that lean fall over, ever faster.", laws.GRAVITY),
            Rule("A domino falls only when its neighbour strikes it.", laws.MOMENTUM),
            Rule("Dominoes that lie do not stand up again.", laws.ARROW, True),
            *keep_whole("row of dominoes"),
        ),
    ),
    "tower": Card(
        "A ball flies into a tower of blocks and the tower collapses.",
        "A tower of blocks stands on the floor. A heavy ball flies in from one side and knocks it over; "
        "the blocks tumble down, fall to the floor and come to rest. The camera stands still.",
        "toppling a tower",
        OBJECTS,
        laws.GRAVITY,
        (
            Rule("Blocks that have lost their support fall to the floor.", laws.GRAVITY),
            Rule("The blocks begin to move only when the ball strikes them.", laws.MOMENTUM),
            Rule("Fallen blocks do not pile up into a tower.", laws.ARROW, True),
            *keep_whole("set of blocks"),
        ),
    ),
    "seesaw": Card(
        "A heavy block drops onto one end of a seesaw and flings up the ball on the other end.",
        "A plank lies across a support with a ball on its lower end. A heavy block drops onto the raised "
        "end, the plank tips over and the ball is flung up into the air. The camera stands still.",
        "tipping a seesaw",
        OBJECTS,
        laws.MOMENTUM,
        (
            Rule("What is in the air is drawn down by its weight.", laws.GRAVITY),
            Rule("The ball is flung up only when the block strikes the plank.", laws.MOMENTUM),
            Rule("The block does not jump up from the plank to where it fell from.", laws.ARROW, True),
            *keep_whole("ball"),
        ),
    ),
    "float": Card(
        "A light ball rises through water and bobs at the surface.",
        "A light ball is let go at the bottom of a glass tank of water. It rises, comes up to the "
        "surface, bobs up and down a few times and stays afloat. The camera looks through the glass and "
        "stands still.",
        "floating a ball",
        OBJECTS,
        laws.BUOYANCY,
        (
            Rule("The ball, lighter than water, rises to the surface and floats.", laws.BUOYANCY, True),
            Rule("The ball changes its motion only as water and weight act on it.", laws.MOMENTUM),
            Rule("The bobbing dies away with time, and does not grow.", laws.ARROW, True),
            *keep_whole("ball"),
        ),
    ),
    "pour": Card(
        "Marbles are poured out of a cup into a tray.",
        "A cup full of marbles is tipped over a tray. The marbles roll over its rim, fall, bounce and "
        "spread over the tray until they lie still. The camera looks down at it from the side.",
        "pouring marbles",
        OBJECTS,
        laws.GRAVITY,
        (
            Rule("The marbles fall out of the cup and into the tray.", laws.GRAVITY, True),
            Rule("The tray holds the marbles, which do not sink through it.", laws.HARDNESS),
            Rule("Marbles in the tray do not gather and fly up into the cup.", laws.ARROW, True),
            Rule("The marbles keep their size, and there are never more or fewer of them.", laws.MASS),
            Rule("The marbles get from place to place along unbroken paths.", laws.INERTIA),
        ),
    ),
    "top": Card(
        "A spinning top leans over and circles slowly around its tip.",
        "A top spins fast on the point of a small stand. It leans to one side and does not fall; its axis "
        "goes round slowly and evenly while it keeps spinning. The camera stands still.",
        "spinning a top",
        OBJECTS,
        laws.ANGULAR,
        (
            Rule("The top leans and circles at a steady pace while it spins.", laws.GRAVITY),
            Rule("The top keeps spinning and changes its spin only slowly.", laws.ANGULAR),
            *keep_whole("top"),
        ),
        INVARIANT,
    ),
}
