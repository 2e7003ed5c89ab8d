//! Builds the client command, runs it, reads its errors and the server log.
