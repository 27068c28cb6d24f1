"""Who is on call: rotas, what puts somebody else in, and whom a page reaches."""
