"""What every service does in the same way: load and authorise, advance, record, oblige, queue mail, number."""
