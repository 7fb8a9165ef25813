"""Official documents, made from what services hand over; nothing here reads the database."""
