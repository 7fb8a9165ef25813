"""The demo story: four institutions, their people, and consultations in every stage, told through the services."""
