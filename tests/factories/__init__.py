"""Objects for tests, made through the services wherever a service makes them."""
