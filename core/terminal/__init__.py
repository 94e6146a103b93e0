"""Commands of the terminal that go beyond one study: one file each."""
