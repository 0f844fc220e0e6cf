"""The mapping between items and models: PynamoDB's models and expressions, with less work."""
