"""What builds, keeps, pushes and runs images. Siblings behind one protocol; none knows another."""
