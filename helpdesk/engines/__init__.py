"""Django's databases, which notice when theirs is away (helpdesk.breaker)."""
