"""What training means in every toolkit: its samples, its schedules, when it ends."""
