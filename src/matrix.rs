//! Which rehearsals, in what order, how many at once.
