"""Between the judge and the student's code: plain values and handles cross, nothing else."""
