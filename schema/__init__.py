"""GraphQL: declarations of types and fields; every field body is one call."""
