"""What a witness has cosigned last of each log."""
