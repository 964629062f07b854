"""Use cases, free of GraphQL: (context, arguments) → models, a page, or a refusal."""
