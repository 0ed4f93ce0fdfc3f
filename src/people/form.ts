// How a quorum is written in a file: one example, for help and hints.

/** Two of: ann; ben, who counts twice; a group of which one is enough; carl may sign and need not. */
export const QUORUM_EXAMPLE = '{"threshold": 2, "members": ["ann", {"of": "ben", "weight": 2}, {"threshold": 1, "members": ["dora", "emil"]}, {"of": "carl", "weight": 0}]}';
